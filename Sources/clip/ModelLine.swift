internal import CLIPEngine
internal import CLIPFiles
internal import Foundation

/// A line of `clip models`.
struct ModelLine {
    private let listing: ModelListing
    private let outline: ModelOutline?

    /// A model with what is known of it, and what its files say if they were read.
    init(_ listing: ModelListing, _ outline: ModelOutline? = nil) {
        self.listing = listing
        self.outline = outline
    }

    /// The header of the table.
    static let header = row(
        "name",
        "state",
        "image",
        "width",
        "context",
        "precision",
        "memory",
        "to fetch",
        "licence",
        "source"
    )

    /// The model as a row of the table.
    var row: String {
        Self.row(
            listing.name.printable + (listing.isDefault ? " (default)" : ""),
            state,
            imageSize.map(String.init) ?? "-",
            embeddingWidth.map(String.init) ?? "-",
            contextLength.map(String.init) ?? "-",
            precision?.rawValue ?? "-",
            byteCount.map(Self.megabytes) ?? "-",
            listing.byteCountToFetch.map(Self.megabytes) ?? "-",
            listing.origin?.licence?.printable ?? "-",
            source
        )
    }

    /// The model as a JSON object.
    var json: String {
        var members = [
            ("name", JSONText.string(listing.name)), ("default", "\(listing.isDefault)"),
            ("image_size", Self.number(imageSize)), ("embedding_width", Self.number(embeddingWidth)),
            ("context_length", Self.number(contextLength)), ("precision", Self.text(precision?.rawValue)),
            ("state", JSONText.string(listing.state.rawValue)), ("bytes", Self.number(byteCount)),
            ("bytes_to_fetch", Self.number(listing.byteCountToFetch)),
            ("directory", Self.text(listing.directory)),
            ("repository", Self.text(listing.origin?.repository)),
            ("revision", Self.text(listing.origin?.revision)),
            ("licence", Self.text(listing.origin?.licence)), ("towers", Self.list(towers)),
        ]
        if let milliseconds { members.append(("load_ms", "\(milliseconds)")) }
        return "{" + members.map { "\"\($0)\":\($1)" }.joined(separator: ",") + "}"
    }

    private var towers: [Tower]? { listing.description?.towers ?? outline?.towers }
    private var imageSize: Int? { listing.description?.imageSize ?? outline?.imageSize }
    private var embeddingWidth: Int? { listing.description?.embeddingWidth ?? outline?.embeddingWidth }
    private var contextLength: Int? { listing.description?.contextLength ?? outline?.contextLength }
    private var precision: Precision? { listing.description?.precision ?? outline?.precision }
    private var byteCount: Int? { listing.description?.byteCount ?? outline?.byteCount }

    private var milliseconds: Int? {
        listing.description.map { Int(($0.loadTime / .milliseconds(1)).rounded()) }
    }

    private var state: String {
        milliseconds.map { "loaded in \($0) ms" } ?? listing.state.rawValue
    }

    /// A repository with the beginning of its revision, or a directory.
    private var source: String {
        guard let origin = listing.origin else { return listing.directory?.printable ?? "-" }
        return (origin.repository + (origin.revision.map { "@\($0.prefix(12))" } ?? "")).printable
    }

    private static func megabytes(_ bytes: Int) -> String {
        bytes < 1_000_000 ? "<1 MB" : "\(bytes / 1_000_000) MB"
    }

    private static func number(_ value: Int?) -> String { value.map(String.init) ?? "null" }

    private static func list(_ towers: [Tower]?) -> String {
        towers.map { "[" + $0.map { JSONText.string($0.rawValue) }.joined(separator: ",") + "]" } ?? "null"
    }

    private static func text(_ value: String?) -> String { value.map(JSONText.string) ?? "null" }

    private static func row(_ columns: String...) -> String {
        let widths = [28, 16, 7, 7, 9, 11, 10, 10, 12, 0]
        return zip(columns, widths).map { column, width in
            column.padding(toLength: max(width, column.count + 1), withPad: " ", startingAt: 0)
        }.joined().trimmingCharacters(in: .whitespaces)
    }
}
