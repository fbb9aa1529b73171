import CLIPKernels
import CLIPModels
import CLIPTestSupport
import Testing

@Suite("Captions that begin alike")
struct CaptionPrefixTests {
    /// Captions of few different words, so that many begin alike, some are equal, and some go on where others end.
    private static func captions(_ name: String, count: Int, words: Int = 3) -> [[Int32]] {
        (0..<count).map { index in
            let length = 1 + (index * 5) % 12
            let ids = CounterNumbers.integers("\(name).\(index)", count: length, below: words)
            return [598] + ids.map { Int32($0) } + [599]
        }
    }

    /// Every caption's embedding when it is alone.
    private static func alone(_ captions: [[Int32]], by model: LoadedModel) throws -> [Float] {
        try captions.flatMap { try model.textEmbeddings(tokens: [$0]) }
    }

    private static let formats = [NumberFormat.f32] + PropertyTests.native

    /// How far a row may differ from that of a caption alone: oneDNN sums in an order of its own for every number of
    /// rows, and what is rounded may then be rounded the other way.
    private static func tolerance(_ format: NumberFormat) -> Double { format == .f32 ? 1e-6 : 3e-3 }

    @Test("Each has the embedding that it has alone", arguments: [TinyModel.odd, .wide], formats)
    func together(model: TinyModel, format: NumberFormat) throws {
        let clip = try model.load(format: format)
        let captions = Self.captions("together", count: 150)
        let width = model.embeddingWidth
        let shared = try clip.textEmbeddings(tokens: captions)
        let alone = try Self.alone(captions, by: clip)
        #expect(Closeness.worstRowError(shared, alone, width: width) < Self.tolerance(format))
        let apart = try clip.clip.textEmbeddings(of: captions, prefixes: .apart, in: clip.context)
        #expect(Closeness.worstRowError(shared, apart, width: width) < Self.tolerance(format))
    }

    @Test(
        "Threads that share the pass give the same, by rows and by columns",
        arguments: [TinyModel.odd, .wide],
        [2, 3]
    )
    func threads(model: TinyModel, count: Int) async throws {
        let clip = try model.load()
        // Few rows are divided by columns where that is possible, many by rows.
        for captions in [Self.captions("few", count: 12), Self.captions("many", count: 200, words: 40)] {
            let shared = try await clip.shared(by: count) { clip, share, context in
                try clip.textEmbeddings(of: captions, share: share, in: context)
            }
            let alone = try Self.alone(captions, by: clip)
            #expect(Closeness.worstRowError(shared, alone, width: model.embeddingWidth) < 1e-6)
        }
    }

    @Test(
        "A prefix that one pass has filled gives later passes the same embeddings",
        arguments: [TinyModel.odd, .wide],
        formats
    )
    func kept(model: TinyModel, format: NumberFormat) async throws {
        let clip = try model.load(format: format)
        let start: [Int32] = [598, 5, 6, 7, 8]
        let first = [start + [40, 599], [598, 5, 41, 599], [598, 90, 599]]
        for threads in [1, 2, 3] {
            let prefix = try clip.clip.prefix(start)
            func embeddings(_ captions: [[Int32]], _ use: PrefixUse) async throws -> [Float] {
                guard threads > 1 else {
                    return try clip.clip.textEmbeddings(of: captions, prefixes: use, in: clip.context)
                }
                return try await clip.shared(by: threads) {
                    try $0.textEmbeddings(of: captions, share: $1, prefixes: use, in: $2)
                }
            }
            func check(_ captions: [[Int32]], _ use: PrefixUse) async throws {
                let found = try await embeddings(captions, use)
                let alone = try Self.alone(captions, by: clip)
                let error = Closeness.worstRowError(found, alone, width: model.embeddingWidth)
                #expect(error < Self.tolerance(format), "\(threads) threads")
            }
            try await check(first, PrefixUse(known: [], wanted: [prefix]))
            // All of it, a part of it, nothing of it, and captions that end where it does.
            let later: [[Int32]] = [
                start + [50, 51, 599], [598, 5, 6, 52, 599], [598, 53, 599], start + [599], [598, 5, 6, 599],
            ]
            try await check(later, PrefixUse(known: [prefix], wanted: []))
            try await check([start + [60, 599]], PrefixUse(known: [prefix], wanted: []))
            // A longer one is filled from rows of a shorter one.
            let longer = try clip.clip.prefix(start + [50])
            try await check(later, PrefixUse(known: [prefix], wanted: [longer]))
            try await check(later, PrefixUse(known: [prefix, longer], wanted: []))
            // Many rows, which threads divide by rows.
            let many = (0..<150).map { start + [Int32(100 + $0), Int32($0), 599] }
            try await check(many, PrefixUse(known: [prefix, longer], wanted: []))
        }
    }

    @Test("What is read is the prefix: that of another network gives other embeddings")
    func read() throws {
        let clip = try TinyModel.odd.load()
        let other = try TinyModel.odd.load(configuring: { $0.text?.encoder.heads = 1 })
        let prefix = try other.clip.prefix([598, 5, 6])
        let captions: [[Int32]] = [[598, 5, 6, 7, 599]]
        _ = try other.clip.textEmbeddings(
            of: captions,
            prefixes: PrefixUse(known: [], wanted: [prefix]),
            in: other.context
        )
        let found = try clip.clip.textEmbeddings(
            of: captions,
            prefixes: PrefixUse(known: [prefix], wanted: []),
            in: clip.context
        )
        #expect(try Closeness.relativeError(found, clip.textEmbeddings(tokens: captions)) > 1e-3)
    }

    @Test("Common tokens have rows once", arguments: [1, 7, 60, 400])
    func rows(count: Int) throws {
        let captions = Self.captions("rows", count: count)
        var distinct: Set<[Int32]> = []
        for caption in captions {
            for length in 1...caption.count { distinct.insert(Array(caption.prefix(length))) }
        }
        #expect(CLIPModel.computedRows(of: captions, limit: 1 << 20) == [distinct.count])
        // What a known prefix has is not computed, but for the last token of a caption.
        let clip = try TinyModel.odd.load()
        let known: [[Int32]] = [
            [598, 2, 2], [598, 0], [598, 1, 1, 1, 0, 2, 1], [598, 0, 1, 2], [598, 77],
        ]
        let prefixes = try known.map { try clip.clip.prefix($0) }
        _ = try clip.clip.textEmbeddings(
            of: known.map { $0 + [599] },
            prefixes: PrefixUse(known: [], wanted: prefixes),
            in: clip.context
        )
        #expect(prefixes.allSatisfy { $0.isFilled })
        let use = PrefixUse(known: prefixes, wanted: [])
        let computed = distinct.filter { start in
            captions.contains(start) || !known.contains { $0.starts(with: start) }
        }
        #expect(CLIPModel.computedRows(of: captions, prefixes: use, limit: 1 << 20) == [computed.count])
        let limited = CLIPModel.computedRows(of: captions, limit: 64)
        #expect(limited.allSatisfy { $0 <= 64 } && limited.reduce(0, +) >= distinct.count)
    }

    @Test("A caption longer than a pass has one of its own, which equal ones share")
    func long() {
        let long = [598] + (0..<12).map { Int32($0) } + [599]
        #expect(CLIPModel.computedRows(of: [long, [598, 599], long, [598, 1, 599]], limit: 10) == [14, 4])
        #expect(CLIPModel.computedRows(of: [long, long], limit: 10) == [14])
    }

    @Test("Nothing behind the token that gives the embedding is computed, unless all of the context matters")
    func cut() throws {
        var text = try #require(try TinyModel.odd.load().clip.configuration.text)
        text.pooling = .first(id: 9)
        #expect(text.computedTokens(of: [8, 1, 9, 2, 9, 0]) == [8, 1, 9])
        #expect(text.computedTokens(of: [8, 1, 9]) == [8, 1, 9])
        // Nothing gives an embedding; the model refuses it.
        #expect(text.computedTokens(of: [8, 1]) == [8, 1] && text.computedTokens(of: []) == [])
        text.pooling = .largestID
        #expect(text.computedTokens(of: [8, 1, 9, 2, 9, 0]) == [8, 1, 9])
        text.pooling = .last
        #expect(text.computedTokens(of: [8, 9, 0, 0]) == [8, 9, 0, 0])
        text.pooling = .first(id: 9)
        text.isCausal = false
        #expect(text.computedTokens(of: [8, 9, 0, 0]) == [8, 9, 0, 0])
    }
}
