import CLIPImaging
import CLIPKernels
import CLIPModels
import CLIPTestSupport
import CLIPWeights
import Foundation
import Testing

@Suite("Families of networks against the reference implementations")
struct FamilyTests {
    @Test("Embeddings of pictures and texts equal the reference's", arguments: FamilyGolden.all)
    func embeddings(name: String) throws {
        let golden = try FamilyGolden(name)
        let model = try golden.load()
        if golden.hasImages {
            let images = try model.clip.imageEmbeddings(of: golden.pixels, in: model.context)
            #expect(Closeness.worstRowError(images, golden.imageEmbeddings, width: golden.width) < 2e-6)
        }
        guard golden.hasTexts else { return }
        let texts = try model.clip.textEmbeddings(of: golden.captions, in: model.context)
        #expect(Closeness.worstRowError(texts, golden.textEmbeddings, width: golden.width) < 2e-6)
    }

    @Test("A pass that threads share gives the same, by rows and by columns", arguments: FamilyGolden.all)
    func shared(name: String) async throws {
        let golden = try FamilyGolden(name)
        let model = try golden.load()
        for count in golden.hasImages ? [1, 3] : [] {
            let pixels = Array(golden.pixels.prefix(count))
            let expected = Array(golden.imageEmbeddings.prefix(count * golden.width))
            for threads in [2, 3] {
                let images = try await model.shared(by: threads) {
                    try $0.imageEmbeddings(of: pixels, share: $1, in: $2)
                }
                #expect(
                    Closeness.worstRowError(images, expected, width: golden.width) < 2e-6,
                    "\(count) images, \(threads) threads"
                )
            }
        }
        guard golden.hasTexts else { return }
        let captions = golden.captions
        let texts = try await model.shared(by: 2) { try $0.textEmbeddings(of: captions, share: $1, in: $2) }
        #expect(Closeness.worstRowError(texts, golden.textEmbeddings, width: golden.width) < 2e-6)
    }

    @Test(
        "In bf16 and int8 an embedding keeps its direction",
        .enabled(
            if: !PropertyTests.native.isEmpty,
            "This processor has instructions for neither bf16 nor int8."
        ),
        arguments: FamilyGolden.all,
        PropertyTests.native
    )
    func precisions(name: String, format: NumberFormat) throws {
        let golden = try FamilyGolden(name)
        let model = try golden.load(format: format)
        // Narrow random networks lose more than wide trained ones.
        let least = format == .bf16 ? 0.999 : 0.98
        if golden.hasImages {
            let images = try model.clip.imageEmbeddings(of: golden.pixels, in: model.context)
            #expect(Closeness.leastCosine(images, golden.imageEmbeddings, width: golden.width) > least)
        }
        guard golden.hasTexts else { return }
        let texts = try model.clip.textEmbeddings(of: golden.captions, in: model.context)
        #expect(Closeness.leastCosine(texts, golden.textEmbeddings, width: golden.width) > least)
    }

    @Test(
        "Any tensor that is missing is named",
        arguments: [
            "siglip", "pe", "eva", "gains", "siglip-transformers", "clip-vision", "clip-text",
            "siglip-vision",
        ]
    )
    func missing(name: String) throws {
        let golden = try FamilyGolden(name)
        for tensor in golden.weights.keys.sorted() where !tensor.hasPrefix("logit_") {
            // The number of blocks is the weights' own affair; a hole is found all the same.
            let error = #expect(throws: ModelError.self) {
                try golden.load { $0[tensor] = nil }
            }
            #expect(
                "\(try #require(error))".contains(tensor.split(separator: ".").last ?? ""),
                "\(tensor): \(error.map { "\($0)" } ?? "")"
            )
        }
    }

    @Test("A table of tokens that stays in its file gives the same", arguments: ["siglip", "worldwide"])
    func mappedTable(name: String) throws {
        let golden = try FamilyGolden(name)
        let model = try golden.load(leastMappedBytes: 0)
        let texts = try model.clip.textEmbeddings(of: golden.captions, in: model.context)
        #expect(Closeness.worstRowError(texts, golden.textEmbeddings, width: golden.width) < 2e-6)
    }

    @Test("A text that does not fill a context whose padding counts is refused")
    func unfilled() throws {
        let model = try FamilyGolden("siglip").load()
        #expect(throws: ModelError.tooFewTokens(count: 2, contextLength: 12)) {
            try model.clip.textEmbeddings(of: [[5, 599]], in: model.context)
        }
    }
}

extension FamilyGolden {
    /// Loads the model as the program does, with `change` made to its weights.
    func load(
        format: NumberFormat = .f32,
        leastMappedBytes: Int? = nil,
        leastPrefetchedBytes: Int = CLIPModel.leastPrefetchedBytes,
        changing change: (inout [String: TinyModel.Weight]) -> Void = { _ in }
    ) throws -> LoadedModel {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("swift-clip-\(name)-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        var weights = weights
        change(&weights)
        let file = folder.appendingPathComponent("model.safetensors")
        try TinyModel.safetensors(weights).write(to: file)
        let shape =
            switch layout {
            case .openCLIP: try ModelConfiguration(openCLIPConfig: configuration, trunks: Self.trunks)
            case .transformers: try ModelConfiguration(transformersConfig: configuration)
            }
        let engine = try ComputeEngine()
        let clip = try CLIPModel(
            configuration: shape,
            checkpoint: Checkpoint(SafetensorsFile(path: file.path)),
            layout: layout == .openCLIP ? .openCLIP : .transformers,
            pixels: hasImages ? PixelTable(PreprocessingRecipe.openAI(imageSize: imageSize).byteValues) : nil,
            format: format,
            leastMappedBytes: leastMappedBytes,
            leastPrefetchedBytes: leastPrefetchedBytes,
            engine: engine
        )
        return LoadedModel(clip: clip, context: try ComputeContext(engine: engine))
    }

    /// The published networks of timm's in small, as the script asked timm for them.
    private static var trunks: [TimmTrunk] {
        let sizes:
            [(name: String, image: Int, width: Int, heads: Int, mlp: Int, poolHeads: Int, poolMLP: Int)] = [
                ("vit_base_patch16_siglip_224", 50, 48, 3, 120, 3, 120),
                ("vit_base_patch32_siglip_256", 64, 128, 2, 256, 2, 256),
                ("vit_pe_core_tiny_patch16_384", 50, 64, 4, 256, 8, 256),
                ("vit_pe_core_gigantic_patch14_448", 64, 128, 2, 320, 8, 512),
                ("eva_giant_patch14_224", 50, 48, 3, 120, 0, 0),
                ("vit_large_patch14_clip_224", 50, 48, 3, 192, 0, 0),
                ("vit_medium_patch16_gap_256", 50, 48, 3, 192, 0, 0),
            ]
        return sizes.compactMap { size in
            guard var trunk = TimmTrunk.known.first(where: { $0.name == size.name }) else { return nil }
            trunk.imageSize = size.image
            trunk.transformer.patchSize = 16
            trunk.transformer.encoder.width = size.width
            trunk.transformer.encoder.heads = size.heads
            trunk.transformer.encoder.mlpWidth = size.mlp
            if case .latent(var pooling) = trunk.transformer.pooling {
                pooling.heads = size.poolHeads
                pooling.mlpWidth = size.poolMLP
                trunk.transformer.pooling = .latent(pooling)
            }
            return trunk
        }
    }
}
