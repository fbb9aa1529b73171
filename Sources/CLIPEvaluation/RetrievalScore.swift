package import CLIPEngine

/// How often a picture's captions, and a caption's picture, are found among all others.
package struct RetrievalScore: Equatable, Sendable {
    /// A caption and its picture, by their rows in the tables.
    package struct Pair: Sendable {
        package let text: Int
        package let image: Int

        package init(text: Int, image: Int) {
            self.text = text
            self.image = image
        }
    }

    /// Pictures are the queries; any of a picture's captions is right.
    package let imageToText: RetrievalReport.Recall
    /// Captions are the queries; the caption's picture is right.
    package let textToImage: RetrievalReport.Recall

    /// Ranks every caption for each picture, and every picture for each caption.
    ///
    /// A wrong answer with the same score as the right one ranks before it, and so does NaN. Memory grows with the
    /// number of pictures and captions, time with their product.
    ///
    /// - Parameters:
    ///   - images: one row a picture; each has a caption.
    ///   - texts: one row a text; captions with the same text share it.
    ///   - pairs: the captions.
    ///   - onImage: called after each picture.
    package init(
        images: EmbeddingTable,
        texts: EmbeddingTable,
        pairs: [Pair],
        onImage: () -> Void = {}
    ) {
        let own = pairs.map { texts.cosine($0.text, images, $0.image) }
        var best = [Float](repeating: -.infinity, count: images.count)
        for (pair, cosine) in zip(pairs, own) where cosine > best[pair.image] { best[pair.image] = cosine }

        var ranksOfImages = [Int](repeating: 0, count: images.count)
        var ranksOfCaptions = [Int](repeating: 0, count: pairs.count)
        for image in 0..<images.count {
            let cosines = texts.cosines(to: images, image)
            for (caption, pair) in pairs.enumerated() where pair.image != image {
                // "Not less" instead of "greater or equal", so that NaN never helps.
                let cosine = cosines[pair.text]
                if !(cosine < best[image]) { ranksOfImages[image] += 1 }
                if !(cosine < own[caption]) { ranksOfCaptions[caption] += 1 }
            }
            onImage()
        }
        imageToText = RetrievalReport.Recall(ranks: ranksOfImages)
        textToImage = RetrievalReport.Recall(ranks: ranksOfCaptions)
    }
}
