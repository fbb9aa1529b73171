/// A step of the `normalizer` in `tokenizer.json`, which changes a text before it is divided.
///
/// Source: `normalizers/` of Hugging Face's tokenizers 0.23; `Precompiled` follows sentencepiece itself.
enum TextStep: Sendable {
    case map(CharacterMap)
    case sentencePiece(SentencePieceNormalizer)
    case replace([UInt8], by: [UInt8])
    /// Replaces a run of at least this many blanks, or of any white space.
    case replaceBlanks(atLeast: Int, isAnySpace: Bool, by: [UInt8])
    /// Removes blanks at both ends.
    case trimBlanks
    /// Doubles a "▁" at the beginning of the text.
    case doubleMark
    /// Removes ASCII characters; the array says which, by their number.
    case remove([Bool])
    case lowerCase
    /// Removes white space at the ends.
    case strip(left: Bool, right: Bool)
    case compose
    case prepend([UInt8])
    case bert(BERTNormalizer)

    /// The text after the step.
    ///
    /// If the step makes more than `limit` bytes, it stops early; the result is then longer than the limit and
    /// incomplete.
    func applied(to text: [UInt8], limit: Int = .max) -> [UInt8] {
        switch self {
        case .map(let map): return map.replacing(text, limit: limit)
        case .sentencePiece(let normalizer): return normalizer.normalized(text, limit: limit)
        case .replace(let pattern, let content):
            return Self.replacing(pattern, by: content, in: text, limit: limit)
        case .replaceBlanks(let count, let isAnySpace, let content):
            return Self.replacingBlanks(
                atLeast: count,
                isAnySpace: isAnySpace,
                by: content,
                in: text,
                limit: limit
            )
        case .trimBlanks:
            guard let first = text.firstIndex(where: { $0 != 0x20 }),
                let last = text.lastIndex(where: { $0 != 0x20 })
            else { return [] }
            return Array(text[first...last])
        case .doubleMark:
            return text.starts(with: SentencePieceNormalizer.mark)
                ? SentencePieceNormalizer.mark + text : text
        case .remove(let characters): return text.filter { $0 >= 0x80 || !characters[Int($0)] }
        case .lowerCase: return Self.scalars(of: text, LowerCase.lowercasedOneByOne)
        case .strip(let left, let right):
            return Self.scalars(of: text) { scalars in
                let first = left ? scalars.firstIndex { !WhiteSpace.isSpace($0) } ?? scalars.endIndex : 0
                let last = right ? scalars.lastIndex { !WhiteSpace.isSpace($0) } ?? -1 : scalars.count - 1
                return first <= last ? Array(scalars[first...last]) : []
            }
        case .compose:
            return Self.scalars(of: text) { CanonicalComposition.normalized($0, as: .tokenizers) }
        case .prepend(let content): return text.isEmpty ? text : content + text
        case .bert(let normalizer): return Self.scalars(of: text, normalizer.normalized)
        }
    }

    private static func scalars(of text: [UInt8], _ change: ([UInt32]) -> [UInt32]) -> [UInt8] {
        UTF8Decoder.bytes(change(String(decoding: text, as: UTF8.self).unicodeScalars.map(\.value)))
    }

    /// Replaces every occurrence of a text, from left to right.
    private static func replacing(
        _ pattern: [UInt8],
        by content: [UInt8],
        in text: [UInt8],
        limit: Int
    ) -> [UInt8] {
        guard let first = pattern.first, text.contains(first) else { return text }
        var out: [UInt8] = []
        out.reserveCapacity(text.count + text.count / 4)
        var index = 0
        while index < text.count, out.count <= limit {
            if text[index] == first, text[index...].starts(with: pattern) {
                out.append(contentsOf: content)
                index += pattern.count
            } else {
                out.append(text[index])
                index += 1
            }
        }
        return out
    }

    private static func replacingBlanks(
        atLeast count: Int,
        isAnySpace: Bool,
        by content: [UInt8],
        in text: [UInt8],
        limit: Int
    ) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(text.count)
        text.withUnsafeBufferPointer { text in
            var index = 0
            while index < text.count, out.count <= limit {
                var (end, found) = (index, 0)
                while end < text.count, let (scalar, length) = UTF8Decoder.first(of: text[end...]),
                    scalar == 0x20 || isAnySpace && WhiteSpace.isSpace(scalar)
                {
                    end += length
                    found += 1
                }
                if found == 0 {
                    end += CharacterMap.length(of: text, at: index)
                    out.append(contentsOf: text[index..<end])
                } else if found >= count {
                    out.append(contentsOf: content)
                } else {
                    out.append(contentsOf: text[index..<end])
                }
                index = end
            }
        }
        return out
    }
}

extension [TextStep] {
    /// The text after all of the steps; nil if one of them makes more than `limit` bytes.
    func applied(to text: [UInt8], limit: Int) -> [UInt8]? {
        var text = text
        for step in self {
            text = step.applied(to: text, limit: limit)
            guard text.count <= limit else { return nil }
        }
        return text
    }
}
