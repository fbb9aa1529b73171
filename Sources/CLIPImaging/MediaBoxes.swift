/// The boxes of an ISO media file (AVIF, HEIC) that say which pictures are in it, how large, and where their codes are.
///
/// Libraries that decode such a file read the boxes once more. So whatever could be read in two ways, or would make one
/// of them collect more than the file is long, is refused: several boxes of a kind, items that are not listed, more
/// entries than pictures have.
struct MediaBoxes {
    struct Item {
        var type = ""
        /// The code, in one piece; nil where it is in several, or not there.
        var code: FileFields?
        /// Indices into the properties, from 1.
        var properties: [Int] = []
        /// The items it is derived from, and those it is auxiliary to.
        var parts: [Int] = []
        var masters: [Int] = []
        /// How often a grid is made of it.
        var uses = 0
        /// Whether its colours were multiplied with its alpha.
        var isMultiplied = false
    }

    struct Property {
        let type: String
        let body: FileFields
    }

    private(set) var items: [Int: Item] = [:]
    private(set) var primary: Int?
    private var properties: [Property] = []
    private var associations = 0

    /// Nil when a box that matters is damaged, not there, or there twice.
    init?(_ file: FileFields) {
        guard let top = Self.boxes(of: file, isWhole: false) else { return nil }
        let metas = top.filter { $0.type == "meta" }
        guard metas.count == 1, let meta = metas.first?.body, readMeta(meta, in: file, isTrack: false) else {
            return nil
        }
        for movie in top where movie.type == "moov" {
            guard MediaTracks.areFew(in: movie.body, of: file) else { return nil }
        }
    }

    /// What describes a track beside its samples; nil where it is damaged.
    init?(ofTrack meta: FileFields, in file: FileFields) {
        guard readMeta(meta, in: file, isTrack: true) else { return nil }
    }

    /// Bytes that a library notes of the boxes: of each item with room for its properties, and of each property of it.
    var memoryBytes: Int { items.count * 3000 + associations * 128 }

    private mutating func readMeta(_ meta: FileFields, in file: FileFields, isTrack: Bool) -> Bool {
        guard let body = meta.part(from: 4, to: meta.count), let boxes = Self.boxes(of: body) else {
            return false
        }
        var found: [String: FileFields] = [:]
        for box in boxes where ["iinf", "iloc", "pitm", "iprp", "iref", "idat"].contains(box.type) {
            guard found.updateValue(box.body, forKey: box.type) == nil else { return false }
        }
        if let info = found["iinf"] {
            guard readInfo(info) else { return false }
        } else if !isTrack {
            return false
        }
        if let first = found["pitm"] {
            guard readPrimary(first) else { return false }
        } else if !isTrack {
            return false
        }
        if let properties = found["iprp"] {
            guard readProperties(properties) else { return false }
        } else if !isTrack {
            return false
        }
        if let locations = found["iloc"] {
            guard readLocations(locations, in: file, data: found["idat"]) else { return false }
        } else if !isTrack {
            return false
        }
        return found["iref"].map { readReferences($0) } ?? true
    }

    /// A property of an item, the first of its kind.
    func property(_ type: String, of item: Item) -> FileFields? {
        for index in item.properties where 1...properties.count ~= index {
            if properties[index - 1].type == type { return properties[index - 1].body }
        }
        return nil
    }

    /// The announced size of an item.
    func size(of item: Item) -> PixelSize? {
        guard let body = property("ispe", of: item), let width = body.number(at: 4, bytes: 4),
            let height = body.number(at: 8, bytes: 4), width > 0, height > 0
        else { return nil }
        return PixelSize(width: width, height: height)
    }

    /// A picture of 8,192 x 8,192 in tiles of 256 x 256 has 1,024 items, and as many again for its alpha.
    private static let mostItems = 4096
    private static let mostBoxes = 1 << 14
    private static let mostProperties = 64

    /// The boxes of a box; nil where there are more than files have, or one is damaged.
    ///
    /// - Parameter isWhole: false where what stands behind the last box does not matter.
    static func boxes(of file: FileFields, isWhole: Bool = true) -> [Property]? {
        var found: [Property] = []
        var start = 0
        while start < file.count {
            guard found.count < mostBoxes else { return nil }
            guard let size = file.number(at: start, bytes: 4),
                let name = file.part(from: start + 4, to: start + 8)
            else { return isWhole ? nil : found }
            let isLarge = size == 1
            let header = isLarge ? 16 : 8
            guard let length = isLarge ? file.number(at: start + 8, bytes: 8) : size else {
                return isWhole ? nil : found
            }
            let end = length == 0 ? file.count : start.plus(length)
            guard length == 0 || length >= header, !isWhole || end <= file.count,
                let body = file.part(from: start + header, to: min(end, file.count))
            else { return isWhole ? nil : found }
            found.append(Property(type: String(decoding: name.bytes, as: UTF8.self), body: body))
            start = end
        }
        return found
    }

    private mutating func readInfo(_ body: FileFields) -> Bool {
        guard let version = body.number(at: 0, bytes: 1),
            let entries = body.part(from: version == 0 ? 6 : 8, to: body.count),
            let boxes = Self.boxes(of: entries), boxes.count <= Self.mostItems
        else { return false }
        for entry in boxes {
            guard entry.type == "infe", let version = entry.body.number(at: 0, bytes: 1), 2...3 ~= version,
                let id = entry.body.number(at: 4, bytes: version == 2 ? 2 : 4),
                let type = entry.body.part(from: version == 2 ? 8 : 10, to: version == 2 ? 12 : 14),
                items.updateValue(Item(type: String(decoding: type.bytes, as: UTF8.self)), forKey: id) == nil
            else { return false }
        }
        return true
    }

    private mutating func readPrimary(_ body: FileFields) -> Bool {
        primary = body.number(at: 4, bytes: body.number(at: 0, bytes: 1) == 0 ? 2 : 4)
        return primary != nil
    }

    private mutating func readProperties(_ body: FileFields) -> Bool {
        guard let boxes = Self.boxes(of: body) else { return false }
        let lists = boxes.filter { $0.type == "ipco" }
        guard lists.count == 1, let list = lists.first, let properties = Self.boxes(of: list.body) else {
            return false
        }
        self.properties = properties
        for box in boxes where box.type == "ipma" {
            guard let version = box.body.number(at: 0, bytes: 1),
                let flags = box.body.number(at: 1, bytes: 3),
                let count = box.body.number(at: 4, bytes: 4), count <= Self.mostItems
            else { return false }
            var reader = Reader(fields: box.body, position: 8)
            for _ in 0..<count {
                guard let id = reader.next(version < 1 ? 2 : 4), let named = reader.next(1),
                    named <= Self.mostProperties, items[id]?.properties.isEmpty == true
                else { return false }
                associations += named
                for _ in 0..<named {
                    guard let value = reader.next(flags & 1 == 1 ? 2 : 1) else { return false }
                    let index = value & (flags & 1 == 1 ? 0x7FFF : 0x7F)
                    guard index <= properties.count else { return false }
                    items[id]?.properties.append(index)
                }
            }
        }
        return true
    }

    private mutating func readLocations(_ body: FileFields, in file: FileFields, data: FileFields?) -> Bool {
        guard let version = body.number(at: 0, bytes: 1), version <= 2,
            let sizes = body.number(at: 4, bytes: 2)
        else {
            return false
        }
        var reader = Reader(fields: body, position: 6)
        guard let count = reader.next(version < 2 ? 2 : 4), count <= Self.mostItems else { return false }
        var located: Set<Int> = []
        var pieces = 0
        for _ in 0..<count {
            guard let id = reader.next(version < 2 ? 2 : 4),
                let method = version == 0 ? 0 : reader.next(2), reader.next(2) != nil,
                let base = reader.next(sizes >> 4 & 15), let extents = reader.next(2), items[id] != nil,
                located.insert(id).inserted
            else { return false }
            // A number of no bytes takes none in the file, whatever its count.
            pieces += extents
            guard pieces <= 2 * Self.mostItems else { return false }
            var code: FileFields?
            for _ in 0..<extents {
                guard version == 0 || reader.next(sizes & 15) != nil,
                    let offset = reader.next(sizes >> 12 & 15),
                    let length = reader.next(sizes >> 8 & 15)
                else { return false }
                guard extents == 1, let whole = method & 15 == 0 ? file : method & 15 == 1 ? data : nil else {
                    continue
                }
                let start = base.plus(offset)
                code = whole.part(from: start, to: length == 0 ? whole.count : start.plus(length))
            }
            items[id]?.code = code
        }
        return true
    }

    private mutating func readReferences(_ body: FileFields) -> Bool {
        guard let version = body.number(at: 0, bytes: 1), version <= 1,
            let list = body.part(from: 4, to: body.count), let boxes = Self.boxes(of: list)
        else { return false }
        let bytes = version == 0 ? 2 : 4
        var references = 0
        for box in boxes {
            var reader = Reader(fields: box.body, position: 0)
            guard let from = reader.next(bytes), let count = reader.next(2), let source = items[from] else {
                return false
            }
            references += count
            guard references <= 4 * Self.mostItems else { return false }
            for _ in 0..<count {
                guard let id = reader.next(bytes), items[id] != nil else { return false }
                switch box.type {
                case "dimg":
                    items[from]?.parts.append(id)
                    if source.type == "grid" { items[id]?.uses += 1 }
                case "auxl": items[from]?.masters.append(id)
                case "prem": items[from]?.isMultiplied = true
                default: break
                }
            }
        }
        return true
    }

    /// Number after number.
    private struct Reader {
        let fields: FileFields
        var position: Int

        mutating func next(_ bytes: Int) -> Int? {
            guard let number = fields.number(at: position, bytes: bytes) else { return nil }
            position += bytes
            return number
        }
    }
}
