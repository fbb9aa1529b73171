internal import CLIPEngine
internal import CLIPFiles
internal import CLIPIndex
internal import Foundation

/// What a search found, in the form that `clip search` was told: lines, JSON, paths, or a contact sheet.
final class SearchAnswers {
    private let command: SearchCommand
    private let sheet: ContactSheetWriter?
    /// Pictures that were compared.
    var searched = 0

    init(_ command: SearchCommand, _ configuration: EngineConfiguration) throws(CommandFailure) {
        self.command = command
        if let html = command.html {
            sheet = try ContactSheetWriter(file: html, configuration)
        } else {
            sheet = nil
        }
    }

    /// - Parameter query: what was looked for, where that is one of many.
    func write(_ matches: [ImageIndex.Match], for query: String?) async throws {
        if let sheet { return try await sheet.add(matches, for: query ?? command.title) }
        for match in matches { try write(match, for: query) }
    }

    /// Puts the sheet in its place.
    func end() throws(CommandFailure) {
        try sheet?.finish()
        if searched == 0 { Terminal.complain("There is no picture to search.\n") }
    }

    private func write(_ match: ImageIndex.Match, for query: String?) throws(CommandFailure) {
        guard let path = match.paths.first else { return }
        if command.json {
            var members = query.map { ["\"query\":\(JSONText.string($0))"] } ?? []
            members.append("\"path\":\(JSONText.string(path))")
            members.append("\"score\":\(JSONText.number(match.score))")
            if match.paths.count > 1 {
                members.append(
                    "\"copies\":[\(match.paths.dropFirst().map(JSONText.string).joined(separator: ","))]"
                )
            }
            try Terminal.write(line: "{\(members.joined(separator: ","))}")
        } else if command.paths {
            try Terminal.write(path: path, endsWithZero: command.endsWithZero)
        } else {
            let title = query.map { "\($0.printable)\t" } ?? ""
            let copies = match.paths.count > 1 ? "  (and \(match.paths.count - 1) copies)" : ""
            try Terminal.write(line: title + String(format: "%7.4f  ", match.score) + path.printable + copies)
        }
    }
}
