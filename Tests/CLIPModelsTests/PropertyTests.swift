import CLIPKernels
import CLIPModels
import CLIPTestSupport
import CLIPWeights
import Foundation
import Testing

@Suite("What holds for every network")
struct PropertyTests {
    let model = TinyModel.odd

    /// Captions of that many tokens each, with words of the name's own.
    private func captions(_ name: String, lengths: [Int]) -> [[Int32]] {
        lengths.enumerated().map { index, length in
            let words = CounterNumbers.integers("\(name).\(index)", count: length - 2, below: 598)
            return [598] + words.map(Int32.init) + [599]
        }
    }

    @Test("An image in a batch has the embedding that it has alone")
    func imageAlone() throws {
        let clip = try model.load()
        let pixels = model.pixels(count: 5)
        let all = try clip.imageEmbeddings(pixels: pixels, count: 5)
        for index in 0..<5 {
            let one = pixels.row(index, width: pixels.count / 5)
            let alone = try clip.imageEmbeddings(pixels: one, count: 1)
            #expect(Closeness.relativeError(alone, all.row(index, width: 40)) < 1e-6)
        }
    }

    @Test("A caption in a batch has the embedding that it has alone, whatever the order of lengths")
    func captionAlone() throws {
        let clip = try model.load()
        let tokens = captions("alone", lengths: [9, 20, 2, 9, 3, 13, 2, 20])
        let all = try clip.textEmbeddings(tokens: tokens)
        for (index, caption) in tokens.enumerated() {
            let alone = try clip.textEmbeddings(tokens: [caption])
            #expect(Closeness.relativeError(alone, all.row(index, width: 40)) < 1e-6)
        }
    }

    @Test("Padding behind end-of-text changes nothing")
    func padding() throws {
        let clip = try model.load()
        let tokens = captions("padding", lengths: [4, 11, 7])
        let padded = tokens.map { $0 + [Int32](repeating: 0, count: 30 - $0.count) }
        #expect(try clip.textEmbeddings(tokens: padded) == clip.textEmbeddings(tokens: tokens))
        let paddedWithEnd = tokens.map { $0 + [Int32](repeating: 599, count: 20 - $0.count) }
        #expect(try clip.textEmbeddings(tokens: paddedWithEnd) == clip.textEmbeddings(tokens: tokens))
    }

    @Test("More items than one pass takes come back in order")
    func severalPasses() throws {
        let clip = try model.load()
        let lengths = (0..<150).map { 2 + ($0 * 7) % 19 }
        let tokens = captions("many", lengths: lengths)
        let all = try clip.textEmbeddings(tokens: tokens)
        #expect(lengths.reduce(0, +) > 1_500)
        for index in [0, 1, 77, 149] {
            let alone = try clip.textEmbeddings(tokens: [tokens[index]])
            #expect(Closeness.relativeError(alone, all.row(index, width: 40)) < 1e-6)
        }

        let pixels = model.pixels(count: 110)  // 10 tokens each, 51 images in a pass
        #expect(clip.clip.imagesPerPass(of: 110) == 51 && clip.clip.imagesPerPass(of: 8) == 8)
        let images = try clip.imageEmbeddings(pixels: pixels, count: 110)
        for index in [0, 50, 51, 101, 102, 109] {
            let one = pixels.row(index, width: pixels.count / 110)
            let alone = try clip.imageEmbeddings(pixels: one, count: 1)
            #expect(Closeness.relativeError(alone, images.row(index, width: 40)) < 1e-6)
        }
    }

    @Test(
        "Threads that share a pass give what one gives, by rows and by columns",
        arguments: [TinyModel.odd, .wide],
        [2, 3, 5]
    )
    func threads(model: TinyModel, count: Int) async throws {
        let clip = try model.load()
        let isWide = model.name == "wide"
        #expect(clip.clip.imageParts == (isWide ? 3 : 0) && clip.clip.textParts == (isWide ? 2 : 0))
        let pixels = model.pixels(count: 3)
        // 10 rows an image, so that borders lie within images; a single image leaves most threads without its class token.
        for images in [1, 3] {
            let chosen = (0..<images).map { pixels.row($0, width: pixels.count / 3) }
            let shared = try await clip.shared(by: count) { clip, share, context in
                try clip.imageEmbeddings(of: chosen, share: share, in: context)
            }
            let alone = try clip.imageEmbeddings(pixels: Array(chosen.joined()), count: images)
            #expect(Closeness.relativeError(shared, alone) < 1e-6, "\(images) images")
        }
        // Two tokens are fewer than threads, so that some have no row at all.
        // By columns there are as many for everyone, whatever the rows: 17 are filled up to 18, 130 are divided by rows.
        for lengths in [[2], [7], [17], [5, 12, 12], [20, 2], [20, 20, 20, 20, 20, 20, 10]] {
            let tokens = captions("threads", lengths: lengths)
            let shared = try await clip.shared(by: count) { clip, share, context in
                try clip.textEmbeddings(of: tokens, share: share, in: context)
            }
            #expect(
                try Closeness.relativeError(shared, clip.textEmbeddings(tokens: tokens)) < 1e-6,
                "\(lengths)"
            )
        }
    }

    @Test(
        "Threads that divide the columns of bf16 and int8 layers give what one gives",
        .enabled(if: !native.isEmpty, "This processor has instructions for neither bf16 nor int8."),
        arguments: native,
        [2, 3, 5]
    )
    func columnsOfOtherFormats(format: NumberFormat, count: Int) async throws {
        let model = TinyModel.wide
        let clip = try model.load(format: format)
        #expect(clip.clip.imageParts == 3 && clip.clip.textParts == 2)
        let pixels = model.pixels(count: 2)
        let images = (0..<2).map { pixels.row($0, width: pixels.count / 2) }
        let shared = try await clip.shared(by: count) { clip, share, context in
            try clip.imageEmbeddings(of: images, share: share, in: context)
        }
        let alone = try clip.imageEmbeddings(pixels: pixels, count: 2)
        #expect(Closeness.relativeError(shared, alone) < 2e-3)
        let tokens = captions("halves", lengths: [9, 3, 20])
        let texts = try await clip.shared(by: count) { clip, share, context in
            try clip.textEmbeddings(of: tokens, share: share, in: context)
        }
        #expect(try Closeness.relativeError(texts, clip.textEmbeddings(tokens: tokens)) < 2e-3)
    }

    @Test("A shared call may take several passes")
    func sharedPasses() async throws {
        let clip = try model.load()
        let tokens = captions("many", lengths: (0..<90).map { 2 + ($0 * 7) % 19 })
        let shared = try await clip.shared(by: 3) { clip, share, context in
            try clip.textEmbeddings(of: tokens, share: share, in: context)
        }
        #expect(try Closeness.relativeError(shared, clip.textEmbeddings(tokens: tokens)) < 1e-6)
    }

    static let native = [NumberFormat.bf16, .int8].filter { format in
        (try? ComputeEngine().isNative(format)) ?? false
    }

    @Test(
        "bf16 and int8 embeddings point where those of f32 do, alone and in a batch, where the processor has them",
        .enabled(if: !native.isEmpty, "This processor has instructions for neither bf16 nor int8."),
        arguments: native,
        [TinyModel.quick, .odd, .resNet]
    )
    func formats(format: NumberFormat, model: TinyModel) throws {
        let (exact, other) = (try model.load(), try model.load(format: format))
        let pixels = model.pixels(count: 4)
        let golden = try Golden(model)
        let width = model.embeddingWidth
        let least: Float = format == .bf16 ? 0.999 : 0.99
        func cosine(_ a: [Float], _ b: [Float]) -> Float {
            func dot(_ a: [Float], _ b: [Float]) -> Float { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }
            return dot(a, b) / (dot(a, a) * dot(b, b)).squareRoot()
        }
        let images = try other.imageEmbeddings(pixels: pixels, count: 4)
        let exactImages = try exact.imageEmbeddings(pixels: pixels, count: 4)
        let texts = try other.textEmbeddings(tokens: golden.captions)
        let exactTexts = try exact.textEmbeddings(tokens: golden.captions)
        #expect(texts != exactTexts, "Another format gives other digits.")
        // Bytes are not for convolutions: these are bf16 then, or f32 where the processor has no bf16.
        let isExact = format == .int8 && model.resNet != nil && !Self.native.contains(.bf16)
        #expect((images == exactImages) == isExact)
        for index in 0..<4 {
            let one = pixels.row(index, width: pixels.count / 4)
            let alone = try other.imageEmbeddings(pixels: one, count: 1)
            #expect(cosine(images.row(index, width: width), exactImages.row(index, width: width)) > least)
            #expect(cosine(images.row(index, width: width), alone) > 0.9999)
        }
        for index in golden.captions.indices {
            let alone = try other.textEmbeddings(tokens: [golden.captions[index]])
            #expect(cosine(texts.row(index, width: width), exactTexts.row(index, width: width)) > least)
            #expect(cosine(texts.row(index, width: width), alone) > 0.9999)
        }
    }

    @Test("Repeated calls give the same bits and take no more scratch")
    func steadyState() throws {
        let clip = try model.load()
        let pixels = model.pixels(count: 4)
        let tokens = captions("steady", lengths: [5, 12, 12, 3])
        let images = try clip.imageEmbeddings(pixels: pixels, count: 4)
        let texts = try clip.textEmbeddings(tokens: tokens)
        _ = try clip.imageEmbeddings(pixels: pixels, count: 4)
        let scratch = clip.scratchByteCount
        for _ in 0..<3 {
            #expect(try clip.imageEmbeddings(pixels: pixels, count: 4) == images)
            #expect(try clip.textEmbeddings(tokens: tokens) == texts)
        }
        #expect(clip.scratchByteCount == scratch)
    }

    @Test("No items give no embeddings")
    func empty() throws {
        let clip = try model.load()
        #expect(try clip.imageEmbeddings(pixels: [], count: 0) == [])
        #expect(try clip.textEmbeddings(tokens: []) == [])
    }

    @Test("A tower of a single block works")
    func singleBlock() throws {
        var small = TinyModel.odd
        small.vision.layers = 1
        small.text.layers = 1
        let clip = try small.load()
        let tokens = captions("single", lengths: [5])
        // The causal mask leaves start-of-text alone, so changing a later word must still change the result.
        var other = tokens
        other[0][2] = (other[0][2] + 1) % 598
        #expect(try clip.textEmbeddings(tokens: tokens) != clip.textEmbeddings(tokens: other))
        #expect(try clip.imageEmbeddings(pixels: small.pixels(count: 1), count: 1).count == 40)
    }

    @Test(
        "A model over a packed copy gives the very bits of the one that made it",
        arguments: [NumberFormat.f32] + native,
        [TinyModel.quick, .odd, .resNet]
    )
    func packedCopy(format: NumberFormat, model: TinyModel) throws {
        let directory = FileManager.default.temporaryDirectory
            .appendingPathComponent("swift-clip-copy-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let pixels = model.pixels(count: 2)
        let captions = try Golden(model).captions
        let plain = try model.load(format: format)
        let made = try model.load(format: format, copy: PackedCopy(directory: directory, key: "tiny"))
        let copy = try PackedCopy(directory: directory, key: "tiny")
        #expect(copy.isComplete)
        let mapped = try model.load(format: format, copy: copy)
        let images = try plain.imageEmbeddings(pixels: pixels, count: 2)
        let texts = try plain.textEmbeddings(tokens: captions)
        for other in [made, mapped] {
            #expect(try other.imageEmbeddings(pixels: pixels, count: 2) == images)
            #expect(try other.textEmbeddings(tokens: captions) == texts)
        }
        // A tensor that the copy has must still be in the checkpoint.
        #expect(throws: ModelError.self) {
            try model.load(format: format, copy: copy, changing: { $0["text_projection"] = nil })
        }
    }
}
