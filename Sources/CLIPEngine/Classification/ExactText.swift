internal import Foundation

/// A text by its bytes.
///
/// `String` compares and hashes what letters mean, which takes minutes for megabytes of combining marks, and takes texts for equal
/// that a tokenizer tells apart.
struct ExactText: Hashable {
    private let bytes: [UInt8]

    init(_ text: String) {
        bytes = Array(text.utf8)
    }

    /// The text as it shows: letters composed or not are the same, in texts that are short enough for that to cost nothing.
    init(shown text: String) {
        self.init(text.utf8.count <= 128 ? text.precomposedStringWithCanonicalMapping : text)
    }

    func hash(into hasher: inout Hasher) {
        bytes.withUnsafeBytes { hasher.combine(bytes: $0) }
    }
}
