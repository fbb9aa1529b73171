import CLIPKernels
import CLIPTestSupport

extension Workbench {
    /// Maps in a layout, filled from planes (images, channels, size, size).
    func maps(
        _ planes: [Float],
        images: Int,
        channels: Int,
        size: Int,
        layout: FeatureLayout
    ) throws -> FeatureMaps {
        let floats = images * FeatureMaps.floatCount(channels: channels, size: size, layout: layout)
        let memory = try tensor([Float](repeating: .nan, count: max(floats, 1)))
        let maps = FeatureMaps(
            base: memory.matrix.base,
            images: images,
            channels: channels,
            size: size,
            layout: layout
        )
        planes.withUnsafeBufferPointer { planes in
            if let base = planes.baseAddress { maps.fill(fromPlanes: base) }
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
        inputLayout: FeatureLayout? = nil
    ) throws -> Convolution {
        try Convolution(
            shape,
            weight: tensor(Self.kernels(shape), rows: shape.outputs).matrix,
            bias: tensor(Self.random("bias", shape.outputs)),
            finish: finish,
            inputLayout: inputLayout ?? layout,
            outputLayout: layout,
            in: context
        )
    }

    /// That convolution of random planes, added to random planes where the finish adds.
    func convolution(
        _ shape: Convolution.Shape,
        images: Int,
        finish: Convolution.Finish,
        layout: FeatureLayout,
        inputLayout: FeatureLayout? = nil
    ) throws -> [Float] {
        let convolution = try layer(shape, finish: finish, layout: layout, inputLayout: inputLayout)
        let input = try maps(
            Self.planes(shape, images: images),
            images: images,
            channels: shape.inputs,
            size: shape.inputSize,
            layout: inputLayout ?? layout
        )
        var start = Self.residual(shape, images: images)
        if finish != .sumAndReLU { start = start.map { _ in .nan } }
        let output = try maps(
            start,
            images: images,
            channels: shape.outputs,
            size: shape.outputSize,
            layout: layout
        )
        try context.beginPass()
        try convolution(input, into: output)
        let count = FeatureMaps.floatCount(channels: shape.outputs, size: shape.outputSize, layout: layout)
        lastOutput = Array(UnsafeBufferPointer(start: output.base, count: images * count))
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
