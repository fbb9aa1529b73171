import CLIPKernels
import CLIPModels
import CLIPTestSupport
import CLIPWeights
import Testing

@Suite("A CLIP with a ResNet")
struct ResNetTests {
    let model = TinyModel.resNet

    @Test("An image in a batch has the embedding that it has alone")
    func imageAlone() throws {
        let clip = try model.load()
        let pixels = model.pixels(count: 5)
        let all = try clip.imageEmbeddings(pixels: pixels, count: 5)
        for index in 0..<5 {
            let one = pixels.row(index, width: pixels.count / 5)
            let alone = try clip.imageEmbeddings(pixels: one, count: 1)
            #expect(Closeness.relativeError(alone, all.row(index, width: 24)) < 1e-6)
        }
    }

    @Test("More images than one pass takes come back in order, and take no more scratch")
    func severalPasses() throws {
        let clip = try model.load()
        let count = 800  // a pass takes 32 to 64 of them, by the layout of this processor
        let pixels = model.pixels(count: count)
        let width = pixels.count / count
        _ = try clip.imageEmbeddings(pixels: Array(pixels[..<(400 * width)]), count: 400)
        try #expect(clip.imageEmbeddings(pixels: [], count: 0) == [])
        let scratch = clip.scratchByteCount
        let all = try clip.imageEmbeddings(pixels: pixels, count: count)
        #expect(clip.scratchByteCount == scratch)
        for index in [0, 31, 32, 63, 64, 426, 700, 767, 768, 799] {
            let alone = try clip.imageEmbeddings(pixels: pixels.row(index, width: width), count: 1)
            #expect(Closeness.relativeError(alone, all.row(index, width: 24)) < 1e-6)
        }
    }

    @Test("Repeated calls give the same bits and take no more scratch")
    func steadyState() throws {
        let clip = try model.load()
        let pixels = model.pixels(count: 4)
        let images = try clip.imageEmbeddings(pixels: pixels, count: 4)
        _ = try clip.imageEmbeddings(pixels: pixels, count: 4)
        let scratch = clip.scratchByteCount
        for _ in 0..<3 { #expect(try clip.imageEmbeddings(pixels: pixels, count: 4) == images) }
        #expect(clip.scratchByteCount == scratch)
    }

    @Test("Two threads of oneDNN's give what one gives")
    func threads() throws {
        let pixels = model.pixels(count: 3)
        let (one, two) = (try model.load(threads: 1), try model.load(threads: 2))
        let images = try one.imageEmbeddings(pixels: pixels, count: 3)
        #expect(
            Closeness.relativeError(try two.imageEmbeddings(pixels: pixels, count: 3), images) < 1e-6
        )
    }

    @Test("Every number of a batch norm counts, but for the one that only training needs")
    func batchNorm() throws {
        let pixels = model.pixels(count: 1)
        let plain = try model.load().imageEmbeddings(pixels: pixels, count: 1)
        for norm in ["visual.bn2", "visual.layer2.0.bn3", "visual.layer3.0.downsample.1"] {
            for part in ["weight", "bias", "running_mean", "running_var"] {
                let changed = try model.load(changing: { $0["\(norm).\(part)"]?.floats[1] += 0.25 })
                let embedding = try changed.imageEmbeddings(pixels: pixels, count: 1)
                #expect(Closeness.relativeError(embedding, plain) > 1e-5, "\(norm).\(part)")
            }
            let without = try model.load(changing: { $0["\(norm).num_batches_tracked"] = nil })
            #expect(try without.imageEmbeddings(pixels: pixels, count: 1) == plain)
        }
    }

    @Test(
        "A checkpoint without a tensor, which it names",
        arguments: [
            "visual.conv2.weight", "visual.bn1.running_var", "visual.layer1.1.conv2.weight",
            "visual.layer3.0.downsample.0.weight", "visual.layer2.0.downsample.1.running_mean",
            "visual.layer4.0.bn3.bias", "visual.attnpool.k_proj.bias", "visual.attnpool.c_proj.weight",
            "visual.attnpool.positional_embedding", "transformer.resblocks.0.ln_1.weight",
        ]
    )
    func missing(name: String) throws {
        #expect(throws: ModelError.weights(.missingTensors(names: [name], count: 1))) {
            try model.load(changing: { $0[name] = nil })
        }
    }

    @Test("A tensor of another shape, which it names")
    func misshapen() throws {
        for (name, shape, expected) in [
            ("visual.conv1.weight", [5, 9, 3, 1], [5, 3, 3, 3]),
            ("visual.layer2.0.bn2.running_mean", [2, 10], [20]),
            ("visual.attnpool.positional_embedding", [10, 160], [5, 320]),
            ("visual.bn1.num_batches_tracked", [1], []),
        ] {
            let error = WeightError.shapeMismatch(tensor: name, expected: expected, found: shape)
            #expect(throws: ModelError.weights(error)) {
                try model.load(changing: { $0[name]?.shape = shape })
            }
        }
    }

    @Test(
        "A tensor that nothing asked for, which it names",
        arguments: [
            "visual.layer1.2.conv1.weight", "visual.layer1.1.downsample.0.weight", "visual.proj",
            "visual.conv1.bias", "visual.layer5.0.conv1.weight", "num_batches_tracked",
        ]
    )
    func leftOver(name: String) throws {
        #expect(throws: ModelError.weights(.unusedTensors(names: [name], count: 1))) {
            try model.load(changing: { $0[name] = TinyModel.Weight(shape: [1], floats: [1]) })
        }
    }

    @Test("A tensor that is not made of floats, which it names")
    func wholeNumbers() throws {
        let name = "visual.layer1.0.bn1.running_var"
        let error = WeightError.notConvertibleToFloat(tensor: name, type: .int64)
        #expect(throws: ModelError.weights(error)) {
            try model.load(changing: { $0[name]?.isWhole = true })
        }
    }

    @Test("A configuration that does not describe the checkpoint is refused, also one with a size of its own")
    func otherConfigurations() throws {
        for change: (inout ModelConfiguration.ResNet) -> Void in [
            { $0.bottlenecks = [2, 1, 1, 1] }, { $0.bottlenecks = [2, 1, 2, 2] }, { $0.width = 12 },
        ] {
            #expect(throws: ModelError.self) {
                try model.load(configuring: { configuration in
                    guard case .resNet(var resNet) = configuration.vision?.architecture else { return }
                    change(&resNet)
                    configuration.vision?.architecture = .resNet(resNet)
                })
            }
        }
        let error = WeightError.shapeMismatch(
            tensor: "visual.attnpool.positional_embedding",
            expected: [10, 320],
            found: [5, 320]
        )
        #expect(throws: ModelError.weights(error)) {
            try model.load(configuring: { $0.vision?.imageSize = 95 })
        }
    }
}
