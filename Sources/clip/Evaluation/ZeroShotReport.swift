internal import Foundation

/// The result of a classification, for people and for programs.
struct ZeroShotReport {
    let score: ZeroShotScore
    /// Folder and label of each class.
    let classes: [(folder: String, label: String)]
    let emptyClasses: [String]
    /// How many templates each name was put into.
    let templates: Int
    let skipped: Int
    let figures: RunFigures

    /// One JSON object.
    func json(perClass: Bool) -> String {
        let empty = emptyClasses.map(JSONText.string).joined(separator: ",")
        return """
            {"top1":\(JSONText.number(score.top1)),"top5":\(JSONText.number(score.top5)),\
            "images":\(score.images),"skipped":\(skipped),"classes":\(classes.count),"empty_classes":[\(empty)],\
            "templates":\(templates),\(figures.json)\(perClass ? ",\"per_class\":[\(classObjects)]" : "")}
            """
    }

    private var classObjects: String {
        zip(classes, score.tallies).map { entry, tally in
            let confused =
                tally.mostConfused.map {
                    "{\"folder\":\(JSONText.string(classes[$0.class].folder)),\"images\":\($0.count)}"
                } ?? "null"
            return """
                {"folder":\(JSONText.string(entry.folder)),"label":\(JSONText.string(entry.label)),\
                "images":\(tally.images),"top1":\(tally.top1.map(JSONText.number) ?? "null"),\
                "top5":\(tally.top5.map(JSONText.number) ?? "null"),"most_confused_with":\(confused)}
                """
        }.joined(separator: ",")
    }

    /// A few lines, below a table if one is wanted.
    func text(perClass: Bool) -> String {
        let summary = """
            top-1   \(Self.percent(score.top1))
            top-5   \(Self.percent(score.top5))
            images  \(score.images) in \(classes.count) \(classes.count == 1 ? "class" : "classes"), \
            \(skipped) skipped
            \(figures.text)
            """
        return perClass ? table + "\n\n" + summary : summary
    }

    /// The classes in the order of their folders: the worst are found with `sort -n`.
    private var table: String {
        let rows = zip(classes, score.tallies).map { entry, tally in
            let confused =
                tally.mostConfused.map { "  (\($0.count) as \(classes[$0.class].label.printable))" } ?? ""
            return Self.percent(tally.top1) + "  " + Self.percent(tally.top5)
                + String(format: "  %6d  ", tally.images) + entry.label.printable + confused
        }
        return (["   top-1     top-5  images  class"] + rows).joined(separator: "\n")
    }

    private static func percent(_ fraction: Double?) -> String {
        fraction.map { String(format: "%6.2f %%", $0 * 100) } ?? "       -"
    }
}
