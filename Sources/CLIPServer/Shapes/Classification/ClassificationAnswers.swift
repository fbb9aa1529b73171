package import CLIPEngine

/// The bodies of successful answers of `/classify`.
package enum ClassificationAnswers {
    /// `{"predictions": [[{"label", "score", "similarity"}, ...], ...], "model", "time"}`.
    ///
    /// - Parameter isUnwanted: whether to stop in the middle, since nobody waits for it any more.
    package static func predictions(
        _ result: ClassificationResult,
        _ labels: LabelSet,
        seconds: Double,
        unless isUnwanted: () -> Bool = { false }
    ) -> [UInt8] {
        JSONWriter.object { writer in
            writer.member("predictions") { writer in
                writer.array { writer in
                    for predictions in result.predictions where !isUnwanted() {
                        write(predictions, labels, to: &writer)
                    }
                }
            }
            writer.member("model", result.report.model)
            writer.member("time") { $0.number(seconds) }
        }
    }

    /// What is predicted for one image or text, a list of objects.
    package static func write(_ predictions: [Prediction], _ labels: LabelSet, to writer: inout JSONWriter) {
        writer.array { writer in
            for prediction in predictions {
                writer.object { writer in
                    writer.member("label", labels.labels[prediction.label].name)
                    writer.member("score") { $0.number(prediction.score) }
                    writer.member("similarity") { $0.number(prediction.similarity) }
                }
            }
        }
    }

    /// An image's or text's part of an answer is no longer: a byte of a name is six characters at most.
    package static func mostBytes(ofItemAmong labels: LabelSet, top: Int?) -> Int {
        let count = labels.labels.count
        guard let top, top < count else {
            return labels.labels.reduce(0) { $0 + 6 * $1.name.utf8.count + bytesPerPrediction }
        }
        let longest = labels.labels.reduce(0) { max($0, $1.name.utf8.count) }
        return top * (6 * longest + bytesPerPrediction)
    }

    /// Names of members, their signs, and two numbers.
    private static let bytesPerPrediction = 40 + 2 * JSONWriter.mostBytesPerNumber
}
