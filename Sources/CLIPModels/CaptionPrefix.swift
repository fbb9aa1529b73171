import CLIPKernels
internal import Synchronization

/// The first tokens of captions with their keys and values in every block, so that later passes need not compute them
/// again.
///
/// Nothing that follows changes a token's keys and values in a causal tower. One pass fills a prefix (`PrefixUse`);
/// others have it only when that pass has ended, and only read it.
public final class CaptionPrefix: Sendable {
    /// The ids, start-of-text first.
    public let tokens: [Int32]
    /// Keys and values of each block, (tokens, 2 x width).
    let blocks: [OwnedRows]
    private let filled = Atomic(false)

    /// Whether a pass has filled it; nobody may read it otherwise.
    public var isFilled: Bool { filled.load(ordering: .acquiring) }

    func noteFilled() {
        filled.store(true, ordering: .releasing)
    }

    /// Memory for a prefix in a tower with this many blocks.
    init(
        _ tokens: [Int32],
        blocks count: Int,
        width: Int,
        format: NumberFormat
    ) throws(KernelError) {
        self.tokens = tokens
        var blocks: [OwnedRows] = []
        for _ in 0..<count {
            blocks.append(try OwnedRows(rows: tokens.count, width: 2 * width, format: format))
        }
        self.blocks = blocks
    }
}

/// The prefixes that a call for captions may read, and those that it is to fill.
public struct PrefixUse: Sendable {
    /// Prefixes that are filled; a caption may use any number of their first tokens.
    public let known: [CaptionPrefix]
    /// Prefixes to be filled, if a caption of the call begins with them.
    public let wanted: [CaptionPrefix]

    /// Whether captions of the call share the rows of tokens with which they begin alike.
    let sharesRows: Bool

    /// Neither.
    public static let none = PrefixUse(known: [], wanted: [])
    /// Every caption is computed by itself, to compare.
    public static let apart = PrefixUse(known: [], wanted: [], sharesRows: false)

    /// Makes a use of prefixes of the model that is called.
    public init(known: [CaptionPrefix], wanted: [CaptionPrefix]) {
        self.init(known: known, wanted: wanted, sharesRows: true)
    }

    private init(known: [CaptionPrefix], wanted: [CaptionPrefix], sharesRows: Bool) {
        self.known = known
        self.wanted = wanted
        self.sharesRows = sharesRows
    }
}
