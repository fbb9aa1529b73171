import CLIPKernels
import CLIPTestSupport
import Testing

@Suite("Convolution")
struct ConvolutionTests {
    static let shapes: [Convolution.Shape] = [
        .init(inputs: 1, outputs: 1, inputSize: 1),
        .init(inputs: 3, outputs: 5, inputSize: 9, kernelSize: 3, stride: 2),
        .init(inputs: 3, outputs: 16, inputSize: 70, kernelSize: 3, stride: 2),
        .init(inputs: 5, outputs: 10, inputSize: 7, kernelSize: 3),
        .init(inputs: 16, outputs: 24, inputSize: 10, kernelSize: 3),
        .init(inputs: 33, outputs: 17, inputSize: 5),
        .init(inputs: 8, outputs: 40, inputSize: 6, stride: 2),
        .init(inputs: 9, outputs: 7, inputSize: 8, kernelSize: 3, stride: 3, padding: 0),
        .init(inputs: 4, outputs: 12, inputSize: 6, kernelSize: 5, stride: 1, padding: 3),
        .init(inputs: 64, outputs: 64, inputSize: 4, kernelSize: 4, stride: 2, padding: 1),
    ]

    @Test(
        "Equals plain loops on odd shapes, in every layout and with every finish",
        arguments: shapes,
        FeatureLayout.allCases
    )
    func matchesReference(shape: Convolution.Shape, layout: FeatureLayout) throws {
        let bench = try Workbench()
        for finish in [Convolution.Finish.none, .relu, .sumAndReLU] {
            let fast = try bench.convolution(shape, images: 3, finish: finish, layout: layout)
            let slow = Workbench.referenceConvolution(shape, images: 3, finish: finish)
            #expect(Closeness.relativeError(fast, slow) < 1e-6, "finish \(finish)")
        }
    }

    @Test("Planes become any layout on the way, as in a stem", arguments: FeatureLayout.allCases)
    func planesIn(layout: FeatureLayout) throws {
        let shape = Convolution.Shape(inputs: 3, outputs: 10, inputSize: 21, kernelSize: 3, stride: 2)
        let fast = try Workbench().convolution(
            shape,
            images: 2,
            finish: .relu,
            layout: layout,
            inputLayout: .planes
        )
        let slow = Workbench.referenceConvolution(shape, images: 2, finish: .relu)
        #expect(Closeness.relativeError(fast, slow) < 1e-6)
    }

    @Test("Channels that fill up a block stay zero", arguments: [FeatureLayout.blocked8, .blocked16])
    func filling(layout: FeatureLayout) throws {
        let bench = try Workbench()
        let shape = Convolution.Shape(inputs: 5, outputs: 3, inputSize: 4, kernelSize: 3)
        _ = try bench.convolution(shape, images: 1, finish: .sumAndReLU, layout: layout)
        let width = layout == .blocked8 ? 8 : 16
        let raw = bench.lastOutput
        #expect(raw.count == 16 * width)
        for (index, value) in raw.enumerated() where index % width >= 3 { #expect(value == 0) }
    }

    @Test("Two threads give what one gives")
    func threads() throws {
        let shape = Convolution.Shape(inputs: 32, outputs: 48, inputSize: 14, kernelSize: 3)
        let one = try Workbench(threads: 1).convolution(shape, images: 3, finish: .relu, layout: .blocked8)
        let two = try Workbench(threads: 2).convolution(shape, images: 3, finish: .relu, layout: .blocked8)
        #expect(Closeness.relativeError(two, one) < 1e-6)
    }

    @Test("The preferred layout has a compiled kernel for what a ResNet asks, not oneDNN's plain loops")
    func noFallback() throws {
        let bench = try Workbench()
        let layout = try bench.context.preferredFeatureLayout()
        let shapes: [Convolution.Shape] = [
            .init(inputs: 16, outputs: 32, inputSize: 48, kernelSize: 3),
            .init(inputs: 5, outputs: 10, inputSize: 35, kernelSize: 3),
            .init(inputs: 64, outputs: 256, inputSize: 24),
            .init(inputs: 256, outputs: 64, inputSize: 24),
        ]
        for shape in shapes {
            let convolution = try bench.layer(shape, finish: .sumAndReLU, layout: layout)
            for images in [1, 5] {
                let name = try convolution.implementation(images: images, in: bench.context)
                #expect(!name.contains("ref"), "\(shape) runs in \(name)")
            }
        }
    }

    @Test(
        "bf16 maps give what floats give, to the rounding, where the processor has them",
        .enabled(if: LinearTests.native.contains(.bf16)),
        arguments: shapes
    )
    func halved(shape: Convolution.Shape) throws {
        let bench = try Workbench()
        let layout = try bench.context.preferredFeatureLayout(.bf16)
        for finish in [Convolution.Finish.none, .relu, .sumAndReLU] {
            let halved = try bench.convolution(
                shape,
                images: 2,
                finish: finish,
                layout: layout,
                format: .bf16
            )
            let exact = Workbench.referenceConvolution(shape, images: 2, finish: finish)
            #expect(Closeness.relativeError(halved, exact) < 6e-3, "finish \(finish)")
        }
    }

    @Test(
        "Threads that compile convolutions of several formats side by side do not disturb each other",
        .enabled(if: LinearTests.native.contains(.bf16))
    )
    func compiledSideBySide() async throws {
        // A size is compiled once in a process, so every round has one of its own.
        let rounds = (0..<24).map {
            Convolution.Shape(inputs: 3, outputs: 5, inputSize: 11 + $0, kernelSize: 3, stride: 2)
        }
        let worst = try await withThrowingTaskGroup { group in
            for format in [NumberFormat.f32, .bf16] {
                group.addTask {
                    try rounds.map { shape in
                        let layout = FeatureLayout.interleaved
                        let fast = try Workbench()
                            .convolution(shape, images: 1, finish: .none, layout: layout, format: format)
                        let slow = Workbench.referenceConvolution(shape, images: 1, finish: .none)
                        return Closeness.relativeError(fast, slow)
                    }
                }
            }
            return try await group.reduce(into: 0) { $0 = max($0, $1.max() ?? .infinity) }
        }
        #expect(worst < 6e-3)
    }

    @Test("No images are no work")
    func noImages() throws {
        let bench = try Workbench()
        let shape = Convolution.Shape(inputs: 3, outputs: 4, inputSize: 5)
        #expect(try bench.convolution(shape, images: 0, finish: .relu, layout: .planes) == [])
    }

    @Test("A convolution that oneDNN refuses is an error that names it")
    func operationFailed() throws {
        let context = try ComputeContext(engine: ComputeEngine())
        let shape = Convolution.Shape(inputs: 2, outputs: 3, inputSize: 4)
        let name = "convolution -1x2x4 to 3 by 1"
        #expect(throws: KernelError.operationFailed(operation: name, status: 2)) {
            try context.primitive(
                for: .convolution(
                    shape,
                    images: -1,
                    finish: .none,
                    inputLayout: .planes,
                    outputLayout: .planes,
                    format: .f32
                )
            )
        }
    }
}

@Suite("Average pooling")
struct AveragePoolingTests {
    @Test(
        "Equals plain loops, also where the last pixels fill no window",
        arguments: [(1, 2, 2), (5, 7, 2), (16, 8, 2), (10, 17, 2), (3, 9, 4)],
        FeatureLayout.allCases
    )
    func matchesReference(shape: (channels: Int, size: Int, window: Int), layout: FeatureLayout) throws {
        let bench = try Workbench()
        let planes = Workbench.random("planes", 2 * shape.channels * shape.size * shape.size)
        let input = try bench.maps(
            planes,
            images: 2,
            channels: shape.channels,
            size: shape.size,
            layout: layout
        )
        let size = shape.size / shape.window
        let blank = [Float](repeating: .nan, count: 2 * shape.channels * size * size)
        let output = try bench.maps(blank, images: 2, channels: shape.channels, size: size, layout: layout)
        try bench.context.beginPass()
        try AveragePooling(window: shape.window)(input, into: output, in: bench.context)
        let slow = Reference.averagePooling(planes, size: shape.size, window: shape.window)
        #expect(try Closeness.relativeError(bench.planes(of: output), slow) < 1e-6)
    }
}

@Suite("Feature maps")
struct FeatureMapsTests {
    @Test("Planes go into a layout and come out as rows of pixels", arguments: FeatureLayout.allCases)
    func roundTrip(layout: FeatureLayout) throws {
        let bench = try Workbench()
        let (channels, size) = (11, 3)
        let planes = Workbench.random("planes", 2 * channels * size * size)
        let maps = try bench.maps(planes, images: 2, channels: channels, size: size, layout: layout)
        for image in 0..<2 {
            let rows = try bench.tensor([Float](repeating: .nan, count: 9 * channels), rows: 9)
            maps.copy(image: image, into: rows.matrix)
            let expected = (0..<9).flatMap { position in
                (0..<channels).map { planes[(image * channels + $0) * 9 + position] }
            }
            #expect(rows.matrix.floats() == expected)
        }
    }

    @Test("The layouts lie in memory as their documentation says")
    func order() throws {
        let bench = try Workbench()
        // Two pixels by two, three channels: channel c of pixel p is 10 c + p.
        let planes: [Float] = [0, 1, 2, 3, 10, 11, 12, 13, 20, 21, 22, 23]
        func memory(_ layout: FeatureLayout) throws -> [Float] {
            let maps = try bench.maps(planes, images: 1, channels: 3, size: 2, layout: layout)
            let count = FeatureMaps.numberCount(channels: 3, size: 2, layout: layout)
            _ = maps
            return Array(try #require(bench.lastMemory).floats.prefix(count))
        }
        #expect(try memory(.planes) == planes)
        #expect(try memory(.interleaved) == [0, 10, 20, 1, 11, 21, 2, 12, 22, 3, 13, 23])
        let zeros = [Float](repeating: 0, count: 5)
        let blocked =
            [0, 10, 20] + zeros + [1, 11, 21] + zeros + [2, 12, 22] + zeros + [3, 13, 23] + zeros
        #expect(try memory(.blocked8) == blocked)
        #expect(try memory(.blocked16).count == 64)
    }
}
