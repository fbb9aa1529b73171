/// The boxes of an ISO media file (AVIF, HEIC) that say which pictures are in it, how large, and where their codes are.
struct MediaBoxes {
    struct Item {
        var type = ""
        /// The code, in one piece; nil where it is in several, or not there.
        var code: FileFields?
        /// Indices into the properties, from 1.
        var properties: [Int] = []
        /// How many derived pictures are made of it.
        var uses = 0
    }

    struct Property {
        let type: String
        let body: FileFields
    }

    private(set) var items: [Int: Item] = [:]
    private(set) var primary: Int?
    private var properties: [Property] = []

    /// Nil when a box that matters is damaged or not there.
    init?(_ file: FileFields) {
        guard let meta = Self.boxes(of: file).first(where: { $0.type == "meta" })?.body,
            let body = meta.part(from: 4, to: meta.count)
        else { return nil }
        let boxes = Self.boxes(of: body)
        func named(_ type: String) -> FileFields? { boxes.first { $0.type == type }?.body }
        guard let info = named("iinf"), let locations = named("iloc"), let first = named("pitm"),
            let properties = named("iprp"), readInfo(info), readPrimary(first), readProperties(properties),
            readLocations(locations, in: file, data: named("idat"))
        else { return nil }
        if let references = named("iref"), !readReferences(references) { return nil }
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

    private static func boxes(of file: FileFields) -> [Property] {
        var found: [Property] = []
        var start = 0
        while found.count < mostBoxes, let size = file.number(at: start, bytes: 4),
            let name = file.part(from: start + 4, to: start + 8)
        {
            let isLarge = size == 1
            let header = isLarge ? 16 : 8
            guard let length = isLarge ? file.number(at: start + 8, bytes: 8) : size else { break }
            let end = length == 0 ? file.count : start.plus(length)
            guard length == 0 || length >= header,
                let body = file.part(from: start + header, to: min(end, file.count))
            else { break }
            found.append(Property(type: String(decoding: name.bytes, as: UTF8.self), body: body))
            if end >= file.count { break }
            start = end
        }
        return found
    }

    private mutating func readInfo(_ body: FileFields) -> Bool {
        guard let version = body.number(at: 0, bytes: 1),
            let entries = body.part(from: version == 0 ? 6 : 8, to: body.count)
        else { return false }
        for entry in Self.boxes(of: entries) where entry.type == "infe" {
            guard let version = entry.body.number(at: 0, bytes: 1), 2...3 ~= version,
                let id = entry.body.number(at: 4, bytes: version == 2 ? 2 : 4),
                let type = entry.body.part(from: version == 2 ? 8 : 10, to: version == 2 ? 12 : 14)
            else { return false }
            guard items.count < Self.mostItems else { return false }
            items[id, default: Item()].type = String(decoding: type.bytes, as: UTF8.self)
        }
        return true
    }

    private mutating func readPrimary(_ body: FileFields) -> Bool {
        primary = body.number(at: 4, bytes: body.number(at: 0, bytes: 1) == 0 ? 2 : 4)
        return primary != nil
    }

    private mutating func readProperties(_ body: FileFields) -> Bool {
        let boxes = Self.boxes(of: body)
        guard let list = boxes.first(where: { $0.type == "ipco" }) else { return false }
        properties = Self.boxes(of: list.body)
        for box in boxes where box.type == "ipma" {
            guard let version = box.body.number(at: 0, bytes: 1),
                let flags = box.body.number(at: 1, bytes: 3),
                let count = box.body.number(at: 4, bytes: 4)
            else { return false }
            var reader = Reader(fields: box.body, position: 8)
            for _ in 0..<count {
                guard let id = reader.next(version < 1 ? 2 : 4), let associations = reader.next(1),
                    associations <= Self.mostProperties, items[id]?.properties.isEmpty != false
                else { return false }
                for _ in 0..<associations {
                    guard let value = reader.next(flags & 1 == 1 ? 2 : 1) else { return false }
                    items[id]?.properties.append(value & (flags & 1 == 1 ? 0x7FFF : 0x7F))
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
        guard let count = reader.next(version < 2 ? 2 : 4) else { return false }
        for _ in 0..<count {
            guard let id = reader.next(version < 2 ? 2 : 4),
                let method = version == 0 ? 0 : reader.next(2), reader.next(2) != nil,
                let base = reader.next(sizes >> 4 & 15), let extents = reader.next(2)
            else { return false }
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
        guard let version = body.number(at: 0, bytes: 1), let list = body.part(from: 4, to: body.count) else {
            return false
        }
        for box in Self.boxes(of: list) where box.type == "dimg" {
            var reader = Reader(fields: box.body, position: version == 0 ? 2 : 4)
            guard let count = reader.next(2) else { return false }
            for _ in 0..<count {
                guard let id = reader.next(version == 0 ? 2 : 4) else { return false }
                items[id]?.uses += 1
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
