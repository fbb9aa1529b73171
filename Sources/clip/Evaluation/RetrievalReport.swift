internal import Foundation

/// The result of a retrieval, for people and for programs.
struct RetrievalReport {
    let score: RetrievalScore
    let images: Int
    let captions: Int
    /// How many of the captions were longer than the model reads.
    let captionsCut: Int
    /// Rows of the captions file that took no part.
    let skipped: Int
    let figures: RunFigures

    /// One JSON object.
    var json: String {
        """
        {"image_to_text":\(Self.object(score.imageToText)),"text_to_image":\(Self.object(score.textToImage)),\
        "images":\(images),"captions":\(captions),"captions_cut":\(captionsCut),"skipped":\(skipped),\(figures.json)}
        """
    }

    private static func object(_ recall: RetrievalScore.Recall) -> String {
        """
        {"recall@1":\(JSONText.number(recall.at1)),"recall@5":\(JSONText.number(recall.at5)),\
        "recall@10":\(JSONText.number(recall.at10))}
        """
    }

    /// A few lines.
    var text: String {
        """
        recall         @1        @5       @10
        image → text   \(Self.row(score.imageToText))
        text → image   \(Self.row(score.textToImage))
        images  \(images) with \(captions) captions, \(captionsCut) cut, \(skipped) rows skipped
        \(figures.text)
        """
    }

    private static func row(_ recall: RetrievalScore.Recall) -> String {
        [recall.at1, recall.at5, recall.at10].map { String(format: "%6.2f %%", $0 * 100) }
            .joined(separator: "  ")
    }
}
