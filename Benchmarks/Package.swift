// swift-tools-version: 6.2

import PackageDescription

// A package of its own, so that who uses the engine never resolves the benchmark library.
let package = Package(
    name: "swift-clip-benchmarks",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(name: "swift-clip", path: ".."),
        // Without its traits: counting allocations replaces malloc, which the measured libraries would notice.
        .package(url: "https://github.com/ordo-one/benchmark.git", from: "1.36.0", traits: []),
    ],
    targets: [
        .executableTarget(
            name: "Stages",
            dependencies: [
                .product(name: "Benchmark", package: "benchmark"),
                .product(name: "CLIPEngine", package: "swift-clip"),
                .product(name: "CLIPImaging", package: "swift-clip"),
                .product(name: "CLIPKernels", package: "swift-clip"),
                .product(name: "CLIPTokenization", package: "swift-clip"),
            ],
            path: "Stages",
            swiftSettings: [
                .swiftLanguageMode(.v6),
                .enableUpcomingFeature("ExistentialAny"),
                .enableUpcomingFeature("InternalImportsByDefault"),
                .enableUpcomingFeature("MemberImportVisibility"),
            ],
            plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")]
        )
    ]
)
