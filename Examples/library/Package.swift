// swift-tools-version: 6.2

import PackageDescription

let package = Package(
    name: "library-examples",
    platforms: [.macOS(.v15)],
    dependencies: [
        // Of your own: .package(url: "https://github.com/...", from: "0.1.0")
        .package(name: "swift-clip", path: "../.."),
        .package(url: "https://github.com/apple/swift-log.git", from: "1.6.0"),
    ],
    targets: [
        .executableTarget(name: "rank", dependencies: [.product(name: "CLIPEngine", package: "swift-clip")]),
        .executableTarget(
            name: "measure",
            dependencies: [
                .product(name: "CLIPEngine", package: "swift-clip"),
                .product(name: "CLIPEvaluation", package: "swift-clip"),
            ]
        ),
        .executableTarget(
            name: "serve",
            dependencies: [
                .product(name: "CLIPEngine", package: "swift-clip"),
                .product(name: "CLIPServer", package: "swift-clip"),
                .product(name: "Logging", package: "swift-log"),
            ]
        ),
    ]
)
