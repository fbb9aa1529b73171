import CLIPHub
import Foundation
import Testing

@Suite("The table of known models")
struct ModelTableTests {
    @Test("The documentation has every known model, in the same order, and says the same of it")
    func documented() throws {
        let rows = try Self.rows(beginningWith: "| `")
        #expect(rows.map { $0[0] } == KnownModel.all.map { "`\($0.name)`" })
        for (row, known) in zip(rows, KnownModel.all) {
            let described = [
                "`\(known.name)`", "`\(known.repository)`",
                known.revision.map { "`\($0.prefix(7))`" } ?? "newest",
                Self.size(known.megabytes), known.licence, known.languages == .many ? "many" : "English",
            ]
            #expect(Array(row.prefix(described.count)) == described)
        }
    }

    @Test("Every figure of the documentation says whose it is")
    func sources() throws {
        let marks = Set(try Self.rows(beginningWith: "| ").filter { $0.count == 2 }.map { "[\($0[0])]" })
        #expect(marks.isSuperset(of: ["[oc]", "[s2]", "[pe]"]))
        for row in try Self.rows(beginningWith: "| `") {
            let figures = row.dropFirst(6)
            // Of two figures of one source the first has its mark.
            let ofRow = figures.filter { $0.contains(/[0-9]/) }
            guard let first = ofRow.first else { continue }
            #expect(marks.contains { first.hasSuffix($0) }, "\(row[0]): \(figures)")
        }
    }

    /// About how much is fetched, as the table has it.
    private static func size(_ megabytes: Int?) -> String {
        guard let megabytes else { return "-" }
        return megabytes < 1_000
            ? "\(megabytes) MB" : String(format: "%.1f GB", Double(megabytes) / 1_000)
    }

    /// The cells of lines that begin so.
    private static func rows(beginningWith start: String) throws -> [[String]] {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let document = try String(
            contentsOf: root.appendingPathComponent("Documentation/Models.md"),
            encoding: .utf8
        )
        return document.split(separator: "\n").filter { $0.hasPrefix(start) }.map { line in
            line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
                .filter { !$0.isEmpty }
        }
    }
}
