internal import CLIPEngine
internal import CLIPEvaluation
internal import CLIPFiles
internal import Foundation

extension EvaluationFigures {
    /// The members of the result's JSON object.
    var json: String {
        """
        "model":\(JSONText.string(model)),"precision":\(JSONText.string(precision.rawValue)),\
        "seconds":\(JSONText.number((seconds * 1000).rounded() / 1000)),\
        "images_per_second":\(JSONText.number((imagesPerSecond * 100).rounded() / 100))
        """
    }

    /// The lines of the result that a person reads.
    var text: String {
        """
        model   \(model) (\(precision.rawValue))
        time    \(String(format: "%.1f s, %.1f images/s", seconds, imagesPerSecond))
        """
    }
}
