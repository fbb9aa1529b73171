/// Lays out rows in aligned columns.
package enum Columns {
    /// One line a row, with two blanks between columns; a text that is wider than `widest` pushes the rest of its row
    /// to the right.
    package static func aligned(_ rows: [[String]], widest: Int = 48) -> [String] {
        let count = rows.map(\.count).max() ?? 0
        let widths = (0..<count).map { column in
            rows.compactMap { $0.count > column ? $0[column].count : nil }.filter { $0 <= widest }.max() ?? 0
        }
        return rows.map { row in
            let cells = row.enumerated().map { column, text in
                column == row.count - 1
                    ? text : text + String(repeating: " ", count: max(0, widths[column] - text.count))
            }
            return cells.joined(separator: "  ")
        }
    }
}
