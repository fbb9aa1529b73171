internal import Foundation

/// Pictures and their captions, read from a CSV or TSV file.
///
/// The header row names the columns `image` and `caption`, in any order and letter case; other columns are ignored.
/// Flickr8k's `captions.txt` has this form.
public struct CaptionsFile: Sendable {
    /// One row.
    package struct Caption: Equatable, Sendable {
        /// The line where it begins, counted from one.
        package let line: Int
        /// The index of its picture in ``CaptionsFile/images``.
        package let image: Int
        package let text: String

        package init(line: Int, image: Int, text: String) {
            self.line = line
            self.image = image
            self.text = text
        }
    }

    /// The file's name, for messages about its lines.
    let file: String
    /// The pictures' paths relative to the directory, in the order of their first rows.
    package private(set) var images: [String] = []
    package private(set) var captions: [Caption] = []
    /// Rows that cannot be used.
    package private(set) var leftOut: [LeftOut.Item] = []

    /// Reads the rows.
    ///
    /// - Parameters:
    ///   - contents: the file's bytes, in UTF-8, or in UTF-16 or UTF-32 with a byte order mark.
    ///   - file: the file's name, for messages. The separator is a tab if the name ends in `.tsv` or the header has a
    ///     tab.
    ///   - limit: how many pictures are taken, at least one; rows of further pictures are ignored, and so are later
    ///     rows that cannot be used and name none of those taken.
    /// - Throws: an error that names the file, and the line if there is one, if the file is empty, is no text, lacks a
    ///   column or any row, or leaves a quote open.
    public init(contents: [UInt8], file: String, limit: Int = .max) throws(EvaluationError) {
        self.file = file
        let text = try DelimitedText.text(of: contents, file: file)
        let header = text.drop(while: \.isNewline).prefix { !$0.isNewline }
        let isTabbed = file.lowercased().hasSuffix(".tsv") || header.contains("\t")
        var rows = DelimitedText(text, separator: isTabbed ? "\t" : ",")
        guard let first = try Self.next(of: &rows, file) else { throw .emptyFile(file) }
        let columns = try CaptionColumns(header: first, file: file)
        // Paths are compared by bytes, as file systems do; equal strings may be composed and decomposed.
        var placeOfImage: [[UInt8]: Int] = [:]
        while let row = try Self.next(of: &rows, file) {
            do throws(CaptionColumns.Problem) {
                let (image, caption) = try columns.values(in: row)
                let key = Array(image.utf8)
                if placeOfImage[key] == nil {
                    guard images.count < limit else { continue }
                    placeOfImage[key] = images.count
                    images.append(image)
                }
                if let place = placeOfImage[key] {
                    captions.append(Caption(line: row.line, image: place, text: caption))
                }
            } catch {
                let isKnown = columns.image(in: row).map { placeOfImage[Array($0.utf8)] != nil } ?? false
                guard images.count < limit || isKnown else { continue }
                leftOut.append(LeftOut.Item("\(file), line \(row.line)", because: error.description))
            }
        }
        guard !captions.isEmpty || !leftOut.isEmpty else { throw .noRows(file: file) }
    }

    private static func next(
        of rows: inout DelimitedText,
        _ file: String
    ) throws(EvaluationError) -> DelimitedText.Row? {
        do throws(DelimitedText.UnbalancedQuote) {
            return try rows.next()
        } catch {
            throw .openQuote(file: file, line: error.line)
        }
    }
}
