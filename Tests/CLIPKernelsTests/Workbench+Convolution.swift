import CLIPKernels
import CLIPTestSupport

extension Workbench {
    /// How many numbers lie behind maps.
    private static let margin = 64

    /// Maps in a layout, filled from planes (images, channels, size, size).
    func maps(
        _ planes: [Float],
        images: Int,
        channels: Int,
        size: Int,
        layout: FeatureLayout,
        format: NumberFormat = .f32
    ) throws -> FeatureMaps {
        let numbers = images * FeatureMaps.numberCount(channels: channels, size: size, layout: layout)
        // What lies behind the maps is no number: a kernel that reads it does not get away with it.
        let memory = try tensor([Float](repeating: .nan, count: numbers + Self.margin))
        lastMemory = memory
        let maps = FeatureMaps(
            // Memory for floats has room for as many numbers of any format.
            memory: try view(of: memory.matrix, format: format),
            images: images,
            channels: channels,
            size: size,
            layout: layout
        )
        planes.withUnsafeBufferPointer { planes in
            for image in 0..<images {
                if let base = planes.baseAddress {
                    maps.fill(image: image, fromPlanes: base + image * channels * size * size)
                }
            }
        }
        return maps
    }

    /// Maps of any layout as planes.
    func planes(of maps: FeatureMaps) throws -> [Float] {
        var planes: [Float] = []
        for image in 0..<maps.images {
            let blank = [Float](repeating: .nan, count: maps.positions * maps.channels)
            let rows = try tensor(blank, rows: maps.positions).matrix
            maps.copy(image: image, into: rows)
            for channel in 0..<maps.channels {
                planes += (0..<maps.positions).map { rows.row($0)[channel] }
            }
        }
        return planes
    }

    /// A convolution with random kernels and bias.
    func layer(
        _ shape: Convolution.Shape,
        finish: Convolution.Finish,
        layout: FeatureLayout,
        inputLayout: FeatureLayout? = nil,
        format: NumberFormat = .f32
    ) throws -> Convolution {
        try Convolution(
            shape,
            weight: tensor(Self.kernels(shape), rows: shape.outputs).matrix,
            bias: tensor(Self.random("bias", shape.outputs)),
            finish: finish,
            inputLayout: inputLayout ?? layout,
            outputLayout: layout,
            format: format,
            in: context
        )
    }

    /// That convolution of random planes, added to random planes where the finish adds.
    func convolution(
        _ shape: Convolution.Shape,
        images: Int,
        finish: Convolution.Finish,
        layout: FeatureLayout,
        inputLayout: FeatureLayout? = nil,
        format: NumberFormat = .f32
    ) throws -> [Float] {
        let convolution = try layer(
            shape,
            finish: finish,
            layout: layout,
            inputLayout: inputLayout,
            format: format
        )
        let input = try maps(
            Self.planes(shape, images: images),
            images: images,
            channels: shape.inputs,
            size: shape.inputSize,
            layout: inputLayout ?? layout,
            format: format
        )
        var start = Self.residual(shape, images: images)
        if finish != .sumAndReLU { start = start.map { _ in .nan } }
        let output = try maps(
            start,
            images: images,
            channels: shape.outputs,
            size: shape.outputSize,
            layout: layout,
            format: format
        )
        let memory = lastMemory
        context.threads = threads
        try context.beginPass()
        try convolution(input, into: output, in: context)
        lastOutput = memory.map { Array($0.floats.dropLast(Self.margin)) } ?? []
        return try planes(of: output)
    }

    /// The same with plain loops.
    static func referenceConvolution(
        _ shape: Convolution.Shape,
        images: Int,
        finish: Convolution.Finish
    ) -> [Float] {
        let planes = planes(shape, images: images)
        let residual = residual(shape, images: images)
        return (0..<images).flatMap { image in
            Reference.convolution(
                planes.part(image, of: images),
                shape,
                weight: kernels(shape),
                bias: random("bias", shape.outputs),
                finish: finish,
                residual: residual.part(image, of: images)
            )
        }
    }

    private static func kernels(_ shape: Convolution.Shape) -> [Float] {
        random("kernels", shape.outputs * shape.inputs * shape.kernelSize * shape.kernelSize)
    }

    private static func planes(_ shape: Convolution.Shape, images: Int) -> [Float] {
        random("planes", images * shape.inputs * shape.inputSize * shape.inputSize)
    }

    private static func residual(_ shape: Convolution.Shape, images: Int) -> [Float] {
        random("residual", images * shape.outputs * shape.outputSize * shape.outputSize)
    }
}

extension [Float] {
    fileprivate func part(_ index: Int, of parts: Int) -> [Float] {
        Array(self[index * count / parts..<(index + 1) * count / parts])
    }
}
