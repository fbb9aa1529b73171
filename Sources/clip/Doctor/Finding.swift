internal import CLIPFiles

/// One result of `clip doctor`.
package struct Finding: Equatable, Sendable {
    /// How good or bad it is.
    package enum Grade: String, Sendable {
        case ok
        /// The server runs, but could run better.
        case note
        /// The server does not start, or does not answer.
        case problem
    }

    package let group: String
    package let name: String
    package let value: String
    package let grade: Grade
    /// What to do about it; nil if nothing needs to be done.
    package let remedy: String?

    /// A result that is in order.
    package init(_ group: String, _ name: String, _ value: String) {
        self.init(group, name, value, .ok, nil)
    }

    /// A result that could be better, or is a problem.
    package init(_ group: String, _ name: String, _ value: String, _ grade: Grade, _ remedy: String?) {
        (self.group, self.name, self.value) = (group, name, value)
        (self.grade, self.remedy) = (grade, remedy)
    }

    /// As a JSON object.
    var json: String {
        "{\"group\":\(JSONText.string(group)),\"name\":\(JSONText.string(name)),\"value\":\(JSONText.string(value)),"
            + "\"grade\":\"\(grade.rawValue)\",\"remedy\":\(remedy.map(JSONText.string) ?? "null")}"
    }
}

/// All results, as text or JSON.
package struct Diagnosis {
    private let findings: [Finding]

    /// - Parameter findings: all results; those of a group follow each other.
    package init(_ findings: [Finding]) { self.findings = findings }

    /// Whether a server with these settings would answer.
    package var canServe: Bool { problems == 0 }

    private var problems: Int { findings.filter { $0.grade == .problem }.count }

    /// One JSON object.
    package var json: String {
        "{\"can_serve\":\(canServe),\"findings\":[" + findings.map(\.json).joined(separator: ",") + "]}"
    }

    /// The groups with a line for each result, the remedies under them, and a summary at the end.
    package func text(inColours: Bool) -> String {
        let rows = Columns.aligned(
            findings.map { [$0.grade.rawValue, $0.name.printable, $0.value.printable] }
        )
        var lines: [String] = []
        var group = ""
        for (finding, row) in zip(findings, rows) {
            if finding.group != group {
                if !group.isEmpty { lines.append("") }
                group = finding.group
                lines.append(group)
            }
            let word = finding.grade.rawValue
            let rest = row.dropFirst(word.count)
            lines.append("  " + (inColours ? Self.coloured(word, finding.grade) : word) + rest)
            if let remedy = finding.remedy { lines.append("           \(remedy.printable)") }
        }
        let isRunning = findings.contains { $0.value == NetworkCheck.listensAlready }
        let end =
            canServe
            ? "A server with these settings can serve on this machine"
                + (isRunning ? " once the one that runs has stopped." : ".")
            : "A server with these settings cannot serve on this machine; the lines marked as a problem say what to do."
        return (lines + ["", end]).joined(separator: "\n")
    }

    private static func coloured(_ word: String, _ grade: Finding.Grade) -> String {
        let code =
            switch grade {
            case .ok: 32
            case .note: 33
            case .problem: 31
            }
        return "\u{1B}[\(code)m\(word)\u{1B}[0m"
    }
}
