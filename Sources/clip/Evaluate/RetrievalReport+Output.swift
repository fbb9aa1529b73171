internal import CLIPEvaluation
internal import CLIPFiles
internal import Foundation

/// The result of a retrieval, as text and as JSON.
extension RetrievalReport {
    /// One JSON object.
    var json: String {
        """
        {"image_to_text":\(imageToText.json),"text_to_image":\(textToImage.json),\
        "images":\(images),"captions":\(captions),"captions_cut":\(captionsCut),"skipped":\(skipped),\(figures.json)}
        """
    }

    /// A few lines.
    var text: String {
        """
        recall         @1        @5       @10
        image → text   \(imageToText.row)
        text → image   \(textToImage.row)
        images  \(images) with \(captions) captions, \(captionsCut) cut, \(skipped) rows skipped
        \(figures.text)
        """
    }
}

extension RetrievalReport.Recall {
    fileprivate var json: String {
        """
        {"recall@1":\(JSONText.number(at1)),"recall@5":\(JSONText.number(at5)),\
        "recall@10":\(JSONText.number(at10))}
        """
    }

    fileprivate var row: String {
        [at1, at5, at10].map { String(format: "%6.2f %%", $0 * 100) }.joined(separator: "  ")
    }
}
