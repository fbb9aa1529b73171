import CLIPEngine

/// The keys that let a client in.
///
/// Only keyed hashes of them are kept. A word is compared with every key, each to its last byte, so that the time tells
/// nothing about how close the word was.
package struct APIKeys: Sendable {
    private let hashes: [[UInt8]]
    private let key: ContentHash.Key

    /// Whether there are no keys, so that every client is let in.
    package var isEmpty: Bool { hashes.isEmpty }

    package init(_ words: [String]) {
        var generator = SystemRandomNumberGenerator()
        let key = ContentHash.Key(low: generator.next(), high: generator.next())
        self.key = key
        hashes = words.map { ContentHash(of: Array($0.utf8), key: key).bytes }
    }

    /// Whether this word is one of the keys.
    package func contains(_ word: some Collection<UInt8>) -> Bool {
        let hash = ContentHash(of: Array(word), key: key).bytes
        var isFound = false
        for other in hashes {
            var difference: UInt8 = 0
            for (left, right) in zip(hash, other) { difference |= left ^ right }
            isFound = isFound || difference == 0
        }
        return isFound
    }

    /// The word in an `Authorization` field: the part after `Bearer`, in any letter case.
    package static func bearer(_ field: String?) -> String? {
        guard let field, field.utf8.count > 7, field.prefix(7).lowercased() == "bearer " else { return nil }
        let word = field.dropFirst(7).drop { $0 == " " }
        return word.isEmpty ? nil : String(word)
    }

    /// The word in a query such as `api_key=k&countinference=False`; nil if it is empty.
    package static func word(ofQuery query: String?) -> String? {
        var word: String?
        for pair in (query ?? "").split(separator: "&") {
            let halves = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard halves.count == 2, PercentEncoding.decoded(halves[0], isForm: true) == "api_key" else {
                continue
            }
            word = PercentEncoding.decoded(halves[1], isForm: true)
        }
        return word?.isEmpty == false ? word : nil
    }
}
