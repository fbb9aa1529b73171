internal import CLIPFiles

/// How a member of an archive is named: its sample's key and what it is of that sample, by webdataset's rule.
///
/// The key is the path up to the first dot of its last part; what follows is the extension. So `a.b/0001.left.jpg` is the `left.jpg` of
/// `a.b/0001`. The reference is `base_plus_ext` of webdataset 1.0.2, whose answers for names such as `dir/.jpg` are kept.
package struct SampleName: Equatable {
    package let key: [UInt8]
    /// In small letters.
    package let `extension`: [UInt8]

    private static let (slash, dot) = (UInt8(ascii: "/"), UInt8(ascii: "."))

    /// - Parameter path: nil where the rule passes it over: it has no dot, or is one of webdataset's own notes (`__name__`).
    package init?(_ path: [UInt8]) {
        let first = path.prefix { $0 != Self.slash }
        let marks = "__".utf8
        guard first.count < 4 || !first.starts(with: marks) || !first.suffix(2).elementsEqual(marks) else {
            return nil
        }
        let name = path.lastIndex(of: Self.slash).map { path[($0 + 1)...] } ?? path[...]
        guard let place = name.firstIndex(of: Self.dot) else { return nil }
        if place == name.startIndex {
            // A name that begins with a dot belongs to its folder's name, as long as that has none.
            let folder = path[..<place].dropLast().reversed().prefix { $0 != Self.slash }
            guard place > 0, !folder.contains(Self.dot) else { return nil }
        }
        key = Array(path[..<place])
        self.extension = path[(place + 1)...].map {
            (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) ? $0 | 0x20 : $0
        }
    }

    /// How well the extension says that this is the sample's picture.
    enum Fitness: Int, Comparable {
        case none
        /// Its end says so, such as that of `mask.png`.
        case byItsEnd
        /// All of it says so.
        case whole

        static func < (one: Fitness, other: Fitness) -> Bool { one.rawValue < other.rawValue }
    }

    /// - Parameter wanted: the one extension that is taken; nil for any of a picture.
    func fitness(wanted: [UInt8]?) -> Fitness {
        if let wanted { return self.extension == wanted ? .whole : .none }
        let isPicture = PictureNames.contain("." + String(decoding: self.extension, as: UTF8.self))
        guard isPicture else { return .none }
        return self.extension.contains(Self.dot) ? .byItsEnd : .whole
    }
}
