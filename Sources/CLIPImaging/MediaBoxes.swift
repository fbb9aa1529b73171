/// The boxes of an ISO media file (AVIF, HEIC) that tell its pictures, their sizes and where their codes are.
///
/// The decoding library reads the boxes a second time. So anything that could be read in two ways, or that would make a
/// library collect more than the length of the file, is refused: several boxes of one kind, items that are not listed,
/// and more entries than pictures have.
struct MediaBoxes {
    struct Item {
        var type = ""
        /// The coded data, if it is in one piece; nil if it is in several or missing.
        var code: FileFields?
        /// The item's properties, as indices from 1.
        var properties: [Int] = []
        /// The items from which this one is derived, and those to which it is auxiliary.
        var parts: [Int] = []
        var masters: [Int] = []
        /// The number of times that a grid uses it.
        var uses = 0
        /// Whether its colours were multiplied by its alpha.
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

    /// Reads the boxes; nil if one that matters is damaged, missing, or present twice.
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

    /// Reads the description of a track apart from its samples; nil if it is damaged.
    init?(ofTrack meta: FileFields, in file: FileFields) {
        guard readMeta(meta, in: file, isTrack: true) else { return nil }
    }

    /// The bytes that a library holds for the boxes: for each item with room for properties, and for each of its
    /// properties.
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

    /// An item's property of this type, the first if there are several.
    func property(_ type: String, of item: Item) -> FileFields? {
        for index in item.properties where 1...properties.count ~= index {
            if properties[index - 1].type == type { return properties[index - 1].body }
        }
        return nil
    }

    /// The size that is announced for an item.
    func size(of item: Item) -> PixelSize? {
        guard let body = property("ispe", of: item), let width = body.number(at: 4, bytes: 4),
            let height = body.number(at: 8, bytes: 4), width > 0, height > 0
        else { return nil }
        return PixelSize(width: width, height: height)
    }

    /// A picture of 8,192 x 8,192 in tiles of 256 x 256 has 1,024 items, and as many more for its alpha.
    private static let mostItems = 4096
    private static let mostBoxes = 1 << 14
    private static let mostProperties = 64

    /// The boxes inside a box; nil if one is damaged or there are more than files have.
    ///
    /// - Parameter isWhole: false if anything may come after the last box.
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
            // Numbers of no bytes take no room in the file, whatever their count.
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

    /// Reads one number after another.
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
