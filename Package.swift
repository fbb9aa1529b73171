// swift-tools-version: 6.2

import PackageDescription

/// One language for all targets: Swift 6 mode, imports that say who may see them, warnings as errors.
let swiftSettings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

/// The settings of tests that compare and wait, whose optimisation would take longer than they run.
///
/// Tests that compute are optimised.
let plainTestSettings = swiftSettings + [.unsafeFlags(["-Onone"])]

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let dequeModule = Target.Dependency.product(name: "DequeModule", package: "swift-collections")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let coreMetrics = Target.Dependency.product(name: "CoreMetrics", package: "swift-metrics")
let serviceLifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")

let package = Package(
    name: "swift-clip",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "clip", targets: ["clip"]),
        .library(name: "CLIPEngine", targets: ["CLIPEngine"]),
        .library(name: "CLIPEvaluation", targets: ["CLIPEvaluation"]),
        .library(name: "CLIPServer", targets: ["CLIPServer"]),
        // Stages of the engine by themselves, for those who have another use for them; Benchmarks/ measures them.
        .library(name: "CLIPJSON", targets: ["CLIPJSON"]),
        .library(name: "CLIPTokenization", targets: ["CLIPTokenization"]),
        .library(name: "CLIPImaging", targets: ["CLIPImaging"]),
        .library(name: "CLIPKernels", targets: ["CLIPKernels"]),
        .library(name: "CLIPModels", targets: ["CLIPModels", "CLIPWeights"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.5.0"),
        .package(url: "https://github.com/apple/swift-collections.git", from: "1.1.0"),
        .package(url: "https://github.com/apple/swift-http-types.git", from: "1.4.0"),
        .package(url: "https://github.com/apple/swift-log.git", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-metrics.git", from: "2.5.0"),
        .package(url: "https://github.com/apple/swift-nio.git", from: "2.86.0"),
        .package(url: "https://github.com/groue/GRDB.swift.git", from: "7.10.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle.git", from: "2.8.0"),
    ],
    targets: [
        // MARK: System libraries, each behind one Swift target
        .target(
            name: "COneDNN",
            linkerSettings: [.linkedLibrary("dnnl"), .linkedLibrary("dl", .when(platforms: [.linux]))]
        ),
        .target(name: "CSimd"),
        .target(name: "CVectorScan"),
        .systemLibrary(
            name: "CPNGLibrary",
            path: "Sources/CPictures/PNG",
            pkgConfig: "libpng",
            providers: [.apt(["libpng-dev"]), .brew(["libpng"])]
        ),
        .systemLibrary(
            name: "CTIFFLibrary",
            path: "Sources/CPictures/TIFF",
            pkgConfig: "libtiff-4",
            providers: [.apt(["libtiff-dev"]), .brew(["libtiff"])]
        ),
        .systemLibrary(
            name: "CWebPLibrary",
            path: "Sources/CPictures/WebP",
            pkgConfig: "libwebp",
            providers: [.apt(["libwebp-dev"]), .brew(["webp"])]
        ),
        .systemLibrary(
            name: "CHEIFLibrary",
            path: "Sources/CPictures/HEIF",
            pkgConfig: "libheif",
            providers: [.apt(["libheif-dev"]), .brew(["libheif"])]
        ),
        .target(
            name: "CPictures",
            dependencies: ["CPNGLibrary", "CTIFFLibrary", "CWebPLibrary", "CHEIFLibrary"],
            path: "Sources/CPictures/Shim",
            // Its pkg-config file has flags for another system's compiler, which the build refuses.
            linkerSettings: [.linkedLibrary("avif")]
        ),
        .systemLibrary(
            name: "CJPEGLibrary",
            path: "Sources/CJPEG/Library",
            pkgConfig: "libjpeg",
            providers: [.apt(["libjpeg-dev"]), .brew(["jpeg-turbo"])]
        ),
        .target(name: "CJPEG", dependencies: ["CJPEGLibrary"], path: "Sources/CJPEG/Shim"),
        .target(name: "CCurl", linkerSettings: [.linkedLibrary("curl")]),
        .target(name: "CCrypto", linkerSettings: [.linkedLibrary("crypto", .when(platforms: [.linux]))]),
        .systemLibrary(
            name: "CPqLibrary",
            path: "Sources/CPq/Library",
            pkgConfig: "libpq",
            providers: [.apt(["libpq-dev"]), .brew(["libpq"])]
        ),
        .target(name: "CPq", dependencies: ["CPqLibrary"], path: "Sources/CPq/Shim"),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),

        // MARK: Loops of our own in C, compiled for several processors
        .target(name: "CResize"),

        // MARK: Leaves
        .target(name: "CLIPFiles", swiftSettings: swiftSettings),
        .target(name: "CLIPJSON", swiftSettings: swiftSettings),
        .target(name: "CLIPTokenization", dependencies: ["CLIPJSON", "CZlib"], swiftSettings: swiftSettings),
        .target(
            name: "CLIPImaging",
            dependencies: ["CJPEG", "CLIPJSON", "CPictures", "CResize"],
            swiftSettings: swiftSettings
        ),
        .target(
            name: "CLIPFetching",
            dependencies: ["CCurl", "CZlib"],
            swiftSettings: swiftSettings,
            linkerSettings: [.linkedLibrary("idn2", .when(platforms: [.linux]))]
        ),
        .target(
            name: "CLIPHub",
            dependencies: ["CCrypto", "CCurl", "CLIPJSON"],
            swiftSettings: swiftSettings
        ),
        .target(name: "CLIPWeights", dependencies: ["CLIPJSON", "CZlib"], swiftSettings: swiftSettings),
        .target(name: "CLIPKernels", dependencies: ["COneDNN", "CSimd"], swiftSettings: swiftSettings),

        // MARK: What is built from them
        .target(
            name: "CLIPModels",
            dependencies: ["CLIPJSON", "CLIPKernels", "CLIPWeights"],
            swiftSettings: swiftSettings
        ),
        .target(
            name: "CLIPEngine",
            dependencies: [
                "CLIPFetching", "CLIPFiles", "CLIPImaging", "CLIPKernels", "CLIPModels", "CLIPTokenization",
                "CLIPWeights", coreMetrics, dequeModule,
            ],
            swiftSettings: swiftSettings
        ),
        .target(
            name: "CLIPEvaluation",
            dependencies: ["CLIPEngine", "CLIPFiles"],
            swiftSettings: swiftSettings
        ),
        .target(
            name: "CLIPBulk",
            dependencies: ["CLIPEngine", "CLIPFiles", "CLIPJSON"],
            swiftSettings: swiftSettings
        ),
        .target(
            name: "CLIPIndex",
            dependencies: [
                "CLIPEngine", "CLIPFiles", "CPq", "CVectorScan",
                .product(name: "GRDB", package: "GRDB.swift"),
            ],
            swiftSettings: swiftSettings
        ),
        .target(
            name: "CLIPServer",
            dependencies: [
                "CLIPEngine", "CLIPIndex", "CLIPJSON", "CZlib", coreMetrics, logging, serviceLifecycle,
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            resources: [
                .embedInCode("Document/Parts"), .embedInCode("Document/Pictures"),
                .embedInCode("Document/Web"),
                .embedInCode("Pages/Web"),
            ],
            swiftSettings: swiftSettings
        ),
        .executableTarget(
            name: "clip",
            dependencies: [
                "CLIPBulk", "CLIPEngine", "CLIPEvaluation", "CLIPFiles", "CLIPHub", "CLIPIndex",
                "CLIPServer", argumentParser, logging,
            ],
            swiftSettings: swiftSettings
        ),

        // MARK: Tests
        .target(
            name: "CLIPTestSupport",
            path: "Tests/CLIPTestSupport",
            resources: [.copy("Fixtures")],
            swiftSettings: swiftSettings
        ),
        .testTarget(
            name: "CLIPFilesTests",
            dependencies: ["CLIPFiles", "CLIPTestSupport"],
            swiftSettings: plainTestSettings
        ),
        .testTarget(
            name: "CLIPJSONTests",
            dependencies: ["CLIPJSON", "CLIPTestSupport"],
            swiftSettings: plainTestSettings
        ),
        .testTarget(
            name: "CLIPTokenizationTests",
            dependencies: ["CLIPTokenization", "CLIPTestSupport", "CZlib"],
            swiftSettings: plainTestSettings
        ),
        .testTarget(
            name: "CLIPImagingTests",
            dependencies: ["CLIPImaging", "CLIPTestSupport"],
            swiftSettings: swiftSettings
        ),
        .testTarget(
            name: "CLIPFetchingTests",
            dependencies: ["CLIPFetching", "CLIPTestSupport"],
            swiftSettings: plainTestSettings
        ),
        .testTarget(
            name: "CLIPHubTests",
            dependencies: ["CLIPHub", "CLIPTestSupport"],
            swiftSettings: plainTestSettings
        ),
        .testTarget(
            name: "CLIPWeightsTests",
            dependencies: ["CLIPWeights", "CLIPTestSupport"],
            swiftSettings: plainTestSettings
        ),
        .testTarget(
            name: "CLIPKernelsTests",
            dependencies: ["CLIPKernels", "CLIPTestSupport"],
            swiftSettings: swiftSettings
        ),
        .testTarget(
            name: "CLIPModelsTests",
            dependencies: ["CLIPModels", "CLIPImaging", "CLIPKernels", "CLIPWeights", "CLIPTestSupport"],
            swiftSettings: swiftSettings
        ),
        .testTarget(
            name: "CLIPEngineTests",
            dependencies: [
                "CLIPEngine", "CLIPFiles", "CLIPKernels", "CLIPTestSupport", "CZlib",
                .product(name: "MetricsTestKit", package: "swift-metrics"),
            ],
            swiftSettings: swiftSettings
        ),
        .testTarget(
            name: "CLIPBulkTests",
            dependencies: ["CLIPBulk", "CLIPEngine", "CLIPFiles", "CLIPTestSupport"],
            swiftSettings: plainTestSettings
        ),
        .testTarget(
            name: "CLIPIndexTests",
            dependencies: [
                "CLIPIndex", "CLIPFiles", "CPq", "CVectorScan", "CLIPTestSupport",
                .product(name: "GRDB", package: "GRDB.swift"),
            ],
            swiftSettings: swiftSettings
        ),
        .testTarget(
            name: "CLIPEvaluationTests",
            dependencies: ["CLIPEvaluation", "CLIPEngine", "CLIPFiles", "CLIPTestSupport"],
            swiftSettings: plainTestSettings
        ),
        .testTarget(
            name: "CLIPServerTests",
            dependencies: [
                "CLIPServer", "CLIPEngine", "CLIPFiles", "CLIPIndex", "CLIPJSON", "CLIPTestSupport",
                coreMetrics, logging,
                serviceLifecycle,
            ],
            swiftSettings: plainTestSettings
        ),
        .testTarget(
            name: "clipTests",
            dependencies: [
                "clip", "CLIPEngine", "CLIPFiles", "CLIPHub", "CLIPModels", "CLIPTestSupport",
                "CLIPTokenization", "CLIPWeights", logging,
            ],
            swiftSettings: plainTestSettings
        ),
    ]
)

// MARK: Fuzzing
// The driver reaches what only the package may see, and needs libFuzzer beneath it, so it is here only for Scripts/fuzz.py.
if Context.environment["CLIP_FUZZ"] != nil {
    package.targets += [
        .target(name: "CFuzzer", path: "Fuzz/CFuzzer"),
        .executableTarget(
            name: "clip-fuzz",
            dependencies: [
                "CCurl", "CFuzzer", "CLIPBulk", "CLIPEngine", "CLIPFetching", "CLIPHub", "CLIPImaging",
                "CLIPJSON",
                "CLIPModels",
                "CLIPServer", "CLIPTokenization", "CLIPWeights",
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "NIOCore", package: "swift-nio"),
            ],
            path: "Fuzz/Driver",
            swiftSettings: swiftSettings
        ),
    ]
}

// MARK: Examples of the library
// Examples/library is a package of its own. So that checking it compiles nothing twice, its programs are targets here for
// `make library`; they see what any other package sees.
if Context.environment["CLIP_EXAMPLES"] != nil {
    package.targets += [
        ("rank", ["CLIPEngine"]), ("measure", ["CLIPEngine", "CLIPEvaluation"]),
        ("serve", ["CLIPEngine", "CLIPServer", logging]),
    ].map { (name: String, dependencies: [Target.Dependency]) in
        .executableTarget(
            name: name,
            dependencies: dependencies,
            path: "Examples/library/Sources/\(name)",
            packageAccess: false,
            swiftSettings: [.swiftLanguageMode(.v6)]
        )
    }
}
