// swift-tools-version: 6.2

import PackageDescription

let swiftSettings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

// A package of its own, so that who uses the engine never resolves the benchmark library.
let package = Package(
    name: "swift-clip-benchmarks",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(name: "swift-clip", path: ".."),
        // Without its traits: they fetch libraries that are preloaded, for counts that AllocationCounter has without them.
        .package(url: "https://github.com/ordo-one/benchmark.git", from: "1.36.0", traits: []),
    ],
    targets: [
        .target(name: "AllocationCounter", path: "AllocationCounter"),
        .executableTarget(
            name: "Stages",
            dependencies: [
                "AllocationCounter",
                .product(name: "Benchmark", package: "benchmark"),
                .product(name: "CLIPEngine", package: "swift-clip"),
                .product(name: "CLIPImaging", package: "swift-clip"),
                .product(name: "CLIPKernels", package: "swift-clip"),
                .product(name: "CLIPModels", package: "swift-clip"),
                .product(name: "CLIPServer", package: "swift-clip"),
                .product(name: "CLIPTokenization", package: "swift-clip"),
            ],
            path: "Stages",
            swiftSettings: swiftSettings,
            plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")]
        ),
    ]
)
