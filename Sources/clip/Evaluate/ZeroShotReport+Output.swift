internal import CLIPEvaluation
internal import CLIPFiles
internal import Foundation

/// The result of a classification, as text and as JSON.
extension ZeroShotReport {
    /// One JSON object.
    func json(perClass: Bool) -> String {
        let empty = emptyClasses.map(JSONText.string).joined(separator: ",")
        return """
            {"top1":\(JSONText.number(top1)),"top5":\(JSONText.number(top5)),\
            "images":\(images),"skipped":\(skipped),"classes":\(classes.count),"empty_classes":[\(empty)],\
            "templates":\(templates),\(figures.json)\(perClass ? ",\"per_class\":[\(classObjects)]" : "")}
            """
    }

    private var classObjects: String {
        classes.map { entry in
            let confused =
                entry.mostConfused.map {
                    "{\"folder\":\(JSONText.string($0.folder)),\"images\":\($0.images)}"
                } ?? "null"
            return """
                {"folder":\(JSONText.string(entry.folder)),"label":\(JSONText.string(entry.label)),\
                "images":\(entry.images),"top1":\(entry.top1.map(JSONText.number) ?? "null"),\
                "top5":\(entry.top5.map(JSONText.number) ?? "null"),"most_confused_with":\(confused)}
                """
        }.joined(separator: ",")
    }

    /// A few lines, under a table if one is wanted.
    func text(perClass: Bool) -> String {
        let summary = """
            top-1   \(Self.percent(top1))
            top-5   \(Self.percent(top5))
            images  \(images) in \(classes.count) \(classes.count == 1 ? "class" : "classes"), \
            \(skipped) skipped
            \(figures.text)
            """
        return perClass ? table + "\n\n" + summary : summary
    }

    /// The classes in the order of their folders; `sort -n` puts the worst first.
    private var table: String {
        let rows = classes.map { entry in
            let confused = entry.mostConfused.map { "  (\($0.images) as \($0.label.printable))" } ?? ""
            return Self.percent(entry.top1) + "  " + Self.percent(entry.top5)
                + String(format: "  %6d  ", entry.images) + entry.label.printable + confused
        }
        return (["   top-1     top-5  images  class"] + rows).joined(separator: "\n")
    }

    private static func percent(_ fraction: Double?) -> String {
        fraction.map { String(format: "%6.2f %%", $0 * 100) } ?? "       -"
    }
}
