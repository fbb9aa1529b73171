internal import Foundation

/// A text that is compared by its bytes.
///
/// `String` compares by canonical equivalence, which takes minutes for megabytes of combining marks, and treats some
/// texts as equal that a tokenizer tells apart.
struct ExactText: Hashable {
    private let bytes: [UInt8]

    init(_ text: String) {
        bytes = Array(text.utf8)
    }

    /// The text as a reader sees it: composed and decomposed letters count as equal, if the text is short enough for
    /// normalisation to cost little.
    init(shown text: String) {
        self.init(text.utf8.count <= 128 ? text.precomposedStringWithCanonicalMapping : text)
    }

    func hash(into hasher: inout Hasher) {
        bytes.withUnsafeBytes { hasher.combine(bytes: $0) }
    }
}
