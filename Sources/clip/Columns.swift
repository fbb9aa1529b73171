/// Rows whose columns stand beneath each other.
package enum Columns {
    /// A line for each row, two blanks between columns; a text that is wider than `widest` pushes the rest of its row.
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
