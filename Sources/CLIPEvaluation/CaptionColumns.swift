internal import Foundation

/// The columns of image and caption in a captions file.
struct CaptionColumns {
    /// Why a row cannot be used.
    enum Problem: Error, CustomStringConvertible {
        case textAfterQuote
        case wrongCount(Int, header: Int)
        case noImage
        case noCaption
        case pathLeadsOut(String)

        var description: String {
            switch self {
            case .textAfterQuote: "Something follows a closing quote."
            case .wrongCount(let count, let header):
                "The row has \(count) \(count == 1 ? "field" : "fields"), the header \(header)."
            case .noImage: "The row names no image."
            case .noCaption: "The row has no caption."
            case .pathLeadsOut(let path): "'\(path)' is no path below the directory."
            }
        }
    }

    private let count: Int
    private let image: Int
    private let caption: Int

    init(header: DelimitedText.Row, file: String) throws(EvaluationError) {
        guard case .fields(let fields) = header.content else {
            throw .malformedHeader(file: file, line: header.line)
        }
        let names = fields.map { $0.trimmingCharacters(in: .whitespaces).lowercased() }
        func place(of name: String) throws(EvaluationError) -> Int {
            guard let place = names.firstIndex(of: name) else { throw .noColumn(name, file: file) }
            guard names.lastIndex(of: name) == place else { throw .repeatedColumn(name, file: file) }
            return place
        }
        count = fields.count
        image = try place(of: "image")
        caption = try place(of: "caption")
    }

    /// A row's path and caption.
    ///
    /// A row with more or fewer fields than the header is refused, because a caption with a comma and no quotes would
    /// be cut.
    func values(in row: DelimitedText.Row) throws(Problem) -> (image: String, caption: String) {
        guard case .fields(let fields) = row.content else { throw .textAfterQuote }
        guard fields.count == count else { throw .wrongCount(fields.count, header: count) }
        let text = fields[caption].trimmingCharacters(in: .whitespacesAndNewlines)
        guard !text.isEmpty else { throw .noCaption }
        return (try Self.path(fields[image].trimmingCharacters(in: .whitespaces)), fields[caption])
    }

    /// The path in a row, even if the row cannot be used; nil if it has none.
    func image(in row: DelimitedText.Row) -> String? {
        guard case .fields(let fields) = row.content, fields.indices.contains(image) else { return nil }
        return try? Self.path(fields[image].trimmingCharacters(in: .whitespaces))
    }

    /// The path without `.` parts; paths that leave the directory are refused.
    private static func path(_ text: String) throws(Problem) -> String {
        let parts = text.split(separator: "/").filter { $0 != "." }
        guard !text.isEmpty else { throw .noImage }
        guard !text.hasPrefix("/"), !parts.isEmpty, !parts.contains(".."), !text.utf8.contains(0) else {
            throw .pathLeadsOut(text)
        }
        return parts.joined(separator: "/")
    }
}
