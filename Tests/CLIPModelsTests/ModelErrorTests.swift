import CLIPKernels
import CLIPModels
import CLIPTestSupport
import CLIPWeights
import Testing

@Suite("What a model refuses")
struct ModelErrorTests {
    let model = TinyModel.odd

    // Inputs

    @Test("Pixels of another number, also of one image among others", arguments: [0, 1, 7_499, 7_501])
    func wrongPixelByteCount(found: Int) throws {
        let clip = try model.load()
        let good = [UInt8](repeating: 0, count: 3 * 50 * 50)
        #expect(throws: ModelError.wrongPixelByteCount(expected: 7_500, found: found)) {
            try clip.clip.imageEmbeddings(of: [good, [UInt8](repeating: 0, count: found)], in: clip.context)
        }
    }

    @Test("A caption with more tokens than positions")
    func tooManyTokens() throws {
        let clip = try model.load()
        let long = [598] + [Int32](repeating: 5, count: 19) + [599]
        #expect(throws: ModelError.tooManyTokens(count: 21, limit: 20)) {
            try clip.textEmbeddings(tokens: [long])
        }
    }

    @Test("A token id outside the vocabulary", arguments: [Int32(600), -1, .max, .min])
    func tokenOutOfVocabulary(id: Int32) throws {
        let clip = try model.load()
        #expect(throws: ModelError.tokenOutOfVocabulary(id: id, vocabularySize: 600)) {
            try clip.textEmbeddings(tokens: [[598, 599], [598, id, 599]])
        }
    }

    @Test("A caption without end-of-text")
    func noEndOfText() throws {
        let openCLIP = try model.load(.openCLIP)
        #expect(throws: ModelError.noEndOfText(caption: 1)) {
            try openCLIP.textEmbeddings(tokens: [[598, 599], []])
        }
        let transformers = try model.load(.transformers)
        #expect(throws: ModelError.noEndOfText(caption: 0)) {
            try transformers.textEmbeddings(tokens: [[598, 3, 4]])
        }
    }

    @Test("A good call after a refused one works")
    func recovers() throws {
        let clip = try model.load()
        let expected = try clip.textEmbeddings(tokens: [[598, 7, 599]])
        #expect(throws: ModelError.self) { try clip.textEmbeddings(tokens: [[598, 7, 599], [598, 700]]) }
        #expect(try clip.textEmbeddings(tokens: [[598, 7, 599]]) == expected)
    }

    // Checkpoints

    @Test(
        "A checkpoint without a tensor, which it names",
        arguments: [
            (TinyModel.Layout.openCLIP, "visual.transformer.resblocks.1.attn.in_proj_bias"),
            (.openCLIP, "visual.proj"), (.openCLIP, "token_embedding.weight"),
            (.transformers, "text_model.encoder.layers.2.self_attn.k_proj.weight"),
            (.transformers, "vision_model.pre_layrnorm.weight"),
            (.transformers, "vision_model.embeddings.class_embedding"),
        ]
    )
    func missing(layout: TinyModel.Layout, name: String) throws {
        #expect(throws: ModelError.weights(.missingTensors(names: [name], count: 1))) {
            try model.load(layout, changing: { $0[name] = nil })
        }
    }

    @Test("A tensor of another shape, which it names")
    func misshapen() throws {
        let name = "ln_final.weight"
        let error = WeightError.shapeMismatch(tensor: name, expected: [48], found: [47])
        #expect(throws: ModelError.weights(error)) {
            try model.load(changing: {
                $0[name] = TinyModel.Weight(shape: [47], floats: [Float](repeating: 1, count: 47))
            })
        }
        // As many floats, in another order of dimensions.
        let turned = WeightError.shapeMismatch(tensor: "visual.proj", expected: [72, 40], found: [40, 72])
        #expect(throws: ModelError.weights(turned)) {
            try model.load(changing: { $0["visual.proj"]?.shape = [40, 72] })
        }
    }

    @Test("A tensor that nothing asked for, which it names")
    func leftOver() throws {
        let name = "visual.transformer.resblocks.0.ls_1.gamma"
        #expect(throws: ModelError.weights(.unusedTensors(names: [name], count: 1))) {
            try model.load(changing: { $0[name] = TinyModel.Weight(shape: [1], floats: [1]) })
        }
        #expect(throws: ModelError.self, "A configuration with fewer layers than the checkpoint") {
            try model.load(configuring: { $0.text?.encoder.layers = 2 })
        }
    }

    @Test("A configuration that lies about sizes is refused before memory is taken")
    func lyingConfiguration() throws {
        #expect(throws: ModelError.self) {
            try model.load(configuring: { $0.text?.vocabularySize = 2_000_000_000 })
        }
        #expect(throws: ModelError.self) {
            try model.load(configuring: { configuration in
                guard case .transformer(var transformer) = configuration.vision?.architecture else { return }
                transformer.encoder.mlpWidth = 65_536
                configuration.vision?.architecture = .transformer(transformer)
            })
        }
    }

    @Test("The temperature, tables of constants and the newer spelling of a norm are accepted")
    func harmlessDifferences() throws {
        let plain = try model.load(.transformers)
        let respelled = try model.load(
            .transformers,
            changing: { weights in
                for kind in ["weight", "bias"] {
                    weights["vision_model.pre_layernorm.\(kind)"] =
                        weights.removeValue(forKey: "vision_model.pre_layrnorm.\(kind)")
                }
                weights["logit_scale"] = nil
                weights["text_model.embeddings.position_ids"] = TinyModel.Weight(
                    shape: [1, 20],
                    floats: [Float](repeating: 0, count: 20)
                )
            }
        )
        let pixels = model.pixels(count: 1)
        let expected = try plain.imageEmbeddings(pixels: pixels, count: 1)
        #expect(try respelled.imageEmbeddings(pixels: pixels, count: 1) == expected)
    }

    @Test("Kernel errors keep their cause")
    func kernels() {
        let error = ModelError.kernels(.outOfMemory(byteCount: 64))
        #expect(error != .kernels(.operationFailed(operation: "linear 1x1x1", status: 1)))
    }
}
