/// Collects made-up weights under open_clip's names, as `open_clip_tensors` of `tiny_model.py` does.
struct TinyWeights {
    var weights: [String: TinyModel.Weight] = [:]

    mutating func add(_ name: String, _ shape: Int..., scale: Double, offset: Float = 0) {
        let count = shape.reduce(1, *)
        weights[name] = TinyModel.Weight(
            shape: shape,
            floats: CounterNumbers.floats(name, count: count, scale: Float(scale), offset: offset)
        )
    }

    mutating func addNorm(_ name: String, _ width: Int) {
        add("\(name).weight", width, scale: 0.2, offset: 1)
        add("\(name).bias", width, scale: 0.1)
    }

    mutating func addBlocks(_ prefix: String, _ tower: TinyModel.Tower) {
        let width = tower.width
        let inner = (3.0 / Double(width)).squareRoot()
        let outer = (3.0 / Double(tower.mlp)).squareRoot()
        for layer in 0..<tower.layers {
            let block = "\(prefix).\(layer)"
            addNorm("\(block).ln_1", width)
            add("\(block).attn.in_proj_weight", 3 * width, width, scale: inner)
            add("\(block).attn.in_proj_bias", 3 * width, scale: 0.1)
            addNorm("\(block).ln_2", width)
            add("\(block).attn.out_proj.weight", width, width, scale: inner)
            add("\(block).attn.out_proj.bias", width, scale: 0.1)
            add("\(block).mlp.c_fc.weight", tower.mlp, width, scale: inner)
            add("\(block).mlp.c_fc.bias", tower.mlp, scale: 0.1)
            add("\(block).mlp.c_proj.weight", width, tower.mlp, scale: outer)
            add("\(block).mlp.c_proj.bias", width, scale: 0.1)
        }
    }

    mutating func addResNet(_ shape: TinyModel.ResNet, imageSize: Int, embeddingWidth: Int) {
        let half = shape.width / 2
        let stem = [(half, 3), (half, half), (shape.width, half)]
        for (index, (outputs, inputs)) in stem.enumerated() {
            let number = index + 1
            addConvolution("visual.conv\(number)", "visual.bn\(number)", outputs, inputs, 3)
        }
        var inputs = shape.width
        for (layer, count) in shape.layers.enumerated() {
            let inner = shape.width << layer
            for index in 0..<count {
                let block = "visual.layer\(layer + 1).\(index)"
                addConvolution("\(block).conv1", "\(block).bn1", inner, inputs, 1)
                addConvolution("\(block).conv2", "\(block).bn2", inner, inner, 3)
                addConvolution("\(block).conv3", "\(block).bn3", 4 * inner, inner, 1, gain: 1.5)
                if index == 0 {
                    let short = "\(block).downsample"
                    addConvolution("\(short).0", "\(short).1", 4 * inner, inputs, 1, gain: 3)
                }
                inputs = 4 * inner
            }
        }
        let tokens = (imageSize / 32) * (imageSize / 32) + 1
        let pool = "visual.attnpool"
        add("\(pool).positional_embedding", tokens, inputs, scale: 0.5)
        for (name, outputs) in [("q", inputs), ("k", inputs), ("v", inputs), ("c", embeddingWidth)] {
            let scale = (3.0 / Double(inputs)).squareRoot()
            add("\(pool).\(name)_proj.weight", outputs, inputs, scale: scale)
            add("\(pool).\(name)_proj.bias", outputs, scale: 0.1)
        }
    }

    private mutating func addConvolution(
        _ name: String,
        _ norm: String,
        _ outputs: Int,
        _ inputs: Int,
        _ kernel: Int,
        gain: Double = 6
    ) {
        let scale = (gain / Double(inputs * kernel * kernel)).squareRoot()
        add("\(name).weight", outputs, inputs, kernel, kernel, scale: scale)
        addNorm(norm, outputs)
        add("\(norm).running_mean", outputs, scale: 0.3)
        add("\(norm).running_var", outputs, scale: 0.5, offset: 1)
        weights["\(norm).num_batches_tracked"] = TinyModel.Weight(shape: [], floats: [1000], type: .i64)
    }
}
