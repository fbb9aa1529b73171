import CLIPEngine
import CLIPTestSupport
import Testing

extension EmbeddingEngineTests {
    // MARK: What is wrong with an image

    @Test("A bad image is told by its place and fails alone")
    func badImages() async throws {
        try await withEngine { engine in
            let good = ImageSource.encoded(try picture())
            let faults: [(ImageSource, ImageFault)] = [
                (.encoded([]), .empty(.payload)),
                (.encoded(Array("not a picture".utf8)), .unknownFormat(looksLike: "text")),
                (.encoded(Array(try picture().prefix(2000))), .undecodable(.payload)),
                (.base64(Array("QUI".utf8)[...]), .malformedBase64),
                (.base64(Array("!!!!".utf8)[...]), .empty(.payload)),
                (.url("http://127.0.0.1:1/a.png"), .addressNotAllowed),
                (.url("ftp://example.com/a.png"), .schemeNotAllowed),
                (
                    .url("http://"),
                    .invalidURL(cause: "The URL cannot be used: it names no host; write it in full.")
                ),
            ]
            for (source, fault) in faults {
                await #expect(throws: EmbeddingError.image(index: 1, fault)) {
                    try await engine.embed(images: [good, source, source])
                }
            }
            #expect(try await engine.embed(images: [good]).embeddings.count == 1)
        }
    }

    @Test("A request with texts and a bad image is refused before anything of it waits for the network")
    func badImageAmongTexts() async throws {
        try await withEngine(changing: { $0.textCacheBytes = 1 << 20 }) { engine in
            let bad = ComparisonItem.image(.encoded([1, 2, 3]))
            let good = ComparisonItem.image(.encoded(try picture()))
            let texts = (0..<100).map { ComparisonItem.text("text \($0)") }
            for items in [[.text("a cat"), good, bad], texts + [good, bad]] {
                await #expect(throws: EmbeddingError.image(index: 1, .unknownFormat(looksLike: nil))) {
                    try await engine.embed(items: items)
                }
            }
            let long = ComparisonItem.text(String(repeating: "cat ", count: 100))
            await #expect(throws: EmbeddingError.textTooLong(index: 1, count: 102, limit: 77)) {
                try await engine.embed(items: [bad, .text("a"), long])
            }
            #expect(engine.cacheStatistics(of: "tiny")?.texts?.misses == 0)
            #expect(engine.statistics.itemsInHand == 0 && engine.statistics.bytesInHand == 0)
        }
    }

    @Test("A list of texts with images has the embeddings of each by itself, and counts all of its tokens")
    func manyItems() async throws {
        try await withEngine { engine in
            let texts = (0..<100).map { "text \($0)" }
            let image = ImageSource.encoded(try picture())
            let together = try await engine.embed(items: [.image(image)] + texts.map(ComparisonItem.text))
            let ofTexts = try await engine.embed(texts: texts)
            let ofImages = try await engine.embed(images: [image])
            #expect(together.embeddings == ofImages.embeddings + ofTexts.embeddings)
            #expect(together.report.tokenCount == ofTexts.report.tokenCount)
            #expect(together.report.timings.decode > .zero && together.report.timings.forward > .zero)
        }
    }

    @Test(
        "A URL that cannot be used says why",
        arguments: [
            ("https://name:password@example.com/a.png", 0, "user name or a password"),
            ("https://example.com:0/a.png", 0, "port"),
            ("https://example.com/", 8192, "more than 8192 bytes"),
            ("example.com/a.png", 0, "https://"), ("https://exa mple.com/a.png", 0, "blank"),
        ]
    )
    func badURL(start: String, more: Int, words: String) async throws {
        let url = start + String(repeating: "a", count: more)
        try await withEngine { engine in
            let error = await #expect(throws: EmbeddingError.self) {
                try await engine.embed(images: [.url(url)])
            }
            guard case .image(index: 0, .invalidURL(let cause)) = error else {
                Issue.record("\(start): \(String(describing: error))")
                return
            }
            #expect(cause.contains(words), "\(cause)")
            #expect(error?.description == cause && Words.faults(of: cause) == [])
        }
    }

    @Test("Colours with no plain way to RGB say what to save the picture as")
    func colours() async throws {
        let image = try picture("tiff-tiles.tif")
        // The photometric interpretation of the directory: RGB becomes CIE Lab.
        let lab = image.replacing([6, 1, 3, 0, 1, 0, 0, 0, 2, 0], with: [6, 1, 3, 0, 1, 0, 0, 0, 8, 0])
        try #require(lab != image)
        try await withEngine { engine in
            let error = await #expect(throws: EmbeddingError.self) {
                try await engine.embed(images: [.encoded(lab)])
            }
            guard case .image(index: 0, .unsupportedColours) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(error?.description.hasSuffix("Save it as RGB.") == true)
        }
    }
}
