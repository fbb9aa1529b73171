/// Files that want more of a decoder than they look like: each is made of a few numbers.

/// Numbers of any count of bits, the low or the high one first.
struct BitWriter {
    private var bits: [Bool] = []
    private let isHighFirst: Bool

    init(isHighFirst: Bool) {
        self.isHighFirst = isHighFirst
    }

    mutating func put(_ numbers: (value: Int, bits: Int)...) {
        for number in numbers {
            for bit in 0..<number.bits {
                let place = isHighFirst ? number.bits - 1 - bit : bit
                bits.append(number.value >> place & 1 == 1)
            }
        }
    }

    var bytes: [UInt8] {
        stride(from: 0, to: bits.count, by: 8).map { first in
            (0..<8).reduce(0) { byte, bit in
                guard first + bit < bits.count, bits[first + bit] else { return byte }
                return byte | 1 << UInt8(isHighFirst ? 7 - bit : bit)
            }
        }
    }
}

enum WebP {
    /// A lossless picture of one colour, without a bit for its pixels; with a mode of prediction it is transformed in
    /// every way first, in the smallest blocks.
    static func flat(side: Int, mode: Int? = nil) -> [UInt8] {
        var bits = head(side: side)
        if let mode {
            for (kind, green) in [(0, mode), (1, 3)] {
                bits.put((1, 1), (kind, 2), (0, 3), (0, 1))
                for symbol in [green, 5, 7, 255, 0] { one(symbol, &bits) }
            }
            bits.put((1, 1), (2, 2))
        }
        bits.put((0, 3))
        for _ in 0..<5 { one(37, &bits) }
        return file(bits.bytes)
    }

    /// A lossless picture with a set of codes of its own for each block of pixels, as long as there are some.
    static func codes(side: Int, count: Int) -> [UInt8] {
        var bits = head(side: side)
        bits.put((0, 2), (1, 1), (0, 3), (0, 1))
        for symbols in [280, 256] { allBytes(symbols, &bits) }
        for _ in 0..<3 { bits.put((1, 1), (0, 3)) }
        for block in 0..<((side + 3) / 4 * ((side + 3) / 4)) {
            let number = min(block, count - 1)
            // Codes have their high bit first.
            for byte in [number & 255, number >> 8] {
                for bit in (0..<8).reversed() { bits.put((byte >> bit & 1, 1)) }
            }
        }
        for _ in 0..<5 * count { bits.put((1, 1), (0, 3)) }
        return file(bits.bytes)
    }

    private static func head(side: Int) -> BitWriter {
        var bits = BitWriter(isHighFirst: false)
        bits.put((0x2F, 8), (side - 1, 14), (side - 1, 14), (0, 4))
        return bits
    }

    /// A code of one symbol.
    private static func one(_ symbol: Int, _ bits: inout BitWriter) {
        bits.put((1, 1), (0, 1), (1, 1), (symbol, 8))
    }

    /// A code of eight bits for each of the first 256 symbols.
    private static func allBytes(_ symbols: Int, _ bits: inout BitWriter) {
        let order = [17, 18, 0, 1, 2, 3, 4, 5, 16, 6, 7, 8]
        bits.put((0, 1), (order.count - 4, 4))
        for length in order { bits.put(([0, 8].contains(length) ? 1 : 0, 3)) }
        bits.put((0, 1))
        for symbol in 0..<symbols { bits.put((symbol < 256 ? 1 : 0, 1)) }
    }

    private static func file(_ bits: [UInt8]) -> [UInt8] {
        var body = bits + [UInt8](repeating: 0, count: 17)
        if body.count % 2 == 1 { body.append(0) }
        let chunk = Array("VP8L".utf8) + little(body.count, 4) + body
        return Array("RIFF".utf8) + little(chunk.count + 4, 4) + Array("WEBP".utf8) + chunk
    }
}

/// AV1 streams without any tools, of eight bits and halved colours.
enum AV1 {
    static func stream(
        said: (Int, Int),
        frame: (Int, Int)? = nil,
        bytes: Int = 60,
        frames: Int = 1,
        again: (Int, Int)? = nil
    ) -> [UInt8] {
        let whole = unit(6, self.frame(frame ?? said, hasSize: frame != nil, bytes))
        return unit(1, sequence(said)) + (again.map { unit(1, sequence($0)) } ?? [])
            + Array(repeating: whole, count: frames).joined()
    }

    private static func unit(_ kind: Int, _ data: [UInt8]) -> [UInt8] {
        var length: [UInt8] = []
        var left = data.count
        while left > 127 {
            length.append(UInt8(left & 127 | 128))
            left >>= 7
        }
        return [UInt8(kind << 3 | 2)] + length + [UInt8(left)] + data
    }

    private static func sequence(_ size: (Int, Int)) -> [UInt8] {
        var bits = BitWriter(isHighFirst: true)
        bits.put((0, 3), (1, 1), (0, 1), (0, 2), (0, 5), (0, 12), (0, 5))
        bits.put((15, 4), (15, 4), (size.0 - 1, 16), (size.1 - 1, 16), (0, 1))
        bits.put((1, 1), (0, 2), (0, 4), (0, 1), (0, 2), (0, 3))
        bits.put((0, 2), (0, 1), (0, 4), (0, 3), (0, 1), (0, 1), (1, 1))
        return bits.bytes
    }

    /// A key frame of one tile.
    private static func frame(_ size: (Int, Int), hasSize: Bool, _ bytes: Int) -> [UInt8] {
        var bits = BitWriter(isHighFirst: true)
        bits.put((0, 1), (0, 2), (1, 1), (1, 1), (hasSize ? 1 : 0, 1))
        if hasSize { bits.put((size.0 - 1, 16), (size.1 - 1, 16)) }
        bits.put((0, 1), (1, 1))
        for side in [size.0, size.1] { bits.put((0, side > 128 ? 1 : 0)) }
        bits.put((100, 8), (0, 4), (0, 2), (0, 6), (0, 6), (0, 3), (0, 1), (1, 1), (0, 1))
        return bits.bytes + [UInt8](repeating: 0, count: bytes)
    }
}

/// An ISO media file of pictures, numbered from 1.
struct MediaFile {
    struct Item {
        var type: String
        var size: (Int, Int)
        var code: [UInt8] = []
        /// What a grid is made of.
        var parts: [Int] = []
    }

    var brands = "avifmif1miaf"
    /// A box that says how the streams are coded.
    var configuration = Self.box("av1C", [0x81, 0, 0x0C, 0])
    var items: [Item] = []
    var primary = 1
    /// Boxes of `meta` instead of its own, or beside them.
    var tables: [String: [UInt8]] = [:]
    /// What stands behind it.
    var rest: [UInt8] = []

    /// Of one tile again and again.
    static func grid(_ tile: [UInt8], of size: (Int, Int), columns: Int, rows: Int) -> MediaFile {
        var file = MediaFile()
        let whole = (size.0 * columns, size.1 * rows)
        file.items = [Item(type: "grid", size: whole, code: plan(columns, rows, whole), parts: [])]
        for _ in 0..<columns * rows {
            file.items.append(Item(type: "av01", size: size, code: tile))
            file.items[0].parts.append(file.items.count)
        }
        // Codes together are not many times the file.
        file.rest = box("free", [UInt8](repeating: 0, count: tile.count * columns * rows / 2))
        return file
    }

    static func plan(_ columns: Int, _ rows: Int, _ size: (Int, Int)) -> [UInt8] {
        [0, 1, UInt8(rows - 1), UInt8(columns - 1)] + big(size.0) + big(size.1)
    }

    static func box(_ type: String, _ body: [UInt8]) -> [UInt8] {
        big(body.count + 8) + Array(type.utf8) + body
    }

    static func fullBox(_ type: String, _ body: [UInt8], version: Int = 0) -> [UInt8] {
        box(type, big(version << 24) + body)
    }

    var bytes: [UInt8] {
        let start = Self.box("ftyp", Array(brands.utf8.prefix(4)) + big(0) + Array(brands.utf8))
        let length = start.count + meta(at: 0).count + 8
        return start + meta(at: length) + Self.box("mdat", codes.bytes) + rest
    }

    /// Each code once, and where it begins.
    private var codes: (bytes: [UInt8], places: [[UInt8]: Int]) {
        var bytes: [UInt8] = []
        var places: [[UInt8]: Int] = [:]
        for item in items where places[item.code] == nil {
            places[item.code] = bytes.count
            bytes += item.code
        }
        return (bytes, places)
    }

    private func meta(at offset: Int) -> [UInt8] {
        let places = codes.places
        var (info, sizes, named, located, parts) = (
            [UInt8](), [UInt8](), [UInt8](), [UInt8](), [UInt8]()
        )
        for (index, item) in items.enumerated() {
            let number = Array(big(index + 1).suffix(2))
            info += Self.fullBox("infe", number + [0, 0] + Array(item.type.utf8) + [0], version: 2)
            sizes += Self.fullBox("ispe", big(item.size.0) + big(item.size.1))
            named += number + [2, 0x80, 1] + Array(big(index + 2).suffix(2) as ArraySlice<UInt8>)
            located += number + [0, 0, 0, 1] + big(offset + (places[item.code] ?? 0)) + big(item.code.count)
            if !item.parts.isEmpty {
                let listed = item.parts.flatMap { big($0).suffix(2) }
                parts += Self.box("dimg", number + big(item.parts.count).suffix(2) + listed)
            }
        }
        let count = Array(big(items.count).suffix(2))
        var boxes: [(String, [UInt8])] = [
            ("hdlr", Self.fullBox("hdlr", big(0) + Array("pict".utf8) + [UInt8](repeating: 0, count: 13))),
            ("pitm", Self.fullBox("pitm", Array(big(primary).suffix(2)))),
            ("iloc", Self.fullBox("iloc", [0x44, 0] + count + located)),
            ("iinf", Self.fullBox("iinf", count + info)),
            ("iref", parts.isEmpty ? [] : Self.fullBox("iref", parts)),
            (
                "iprp",
                Self.box(
                    "iprp",
                    Self.box("ipco", configuration + sizes)
                        + Self.box("ipma", big(1) + big(items.count) + named)
                )
            ),
        ]
        boxes += tables.keys.filter { name in !boxes.contains { $0.0 == name } }.map { ($0, []) }
        return Self.fullBox("meta", boxes.flatMap { tables[$0.0] ?? $0.1 })
    }
}

enum JPEG {
    /// A grey picture whose three components have scans of their own, of which the first few are there; the data of
    /// each are as many blocks as the picture has, or those of another size.
    static func inScans(width: Int, height: Int, scans: Int = 3, dataOf data: (Int, Int)? = nil) -> [UInt8] {
        var file: [UInt8] = [0xFF, 0xD8]
        file += segment(0xDB, [0] + [UInt8](repeating: 1, count: 64)) + table(0) + table(0x10)
        let size = big(height).suffix(2) + big(width).suffix(2)
        file += segment(0xC0, [8] + size + [3, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0])
        let (across, down) = data ?? (width, height)
        let blocks = ((across + 7) / 8) * ((down + 7) / 8)
        for component in 1...scans {
            file += segment(0xDA, [1, UInt8(component), 0, 0, 63, 0])
            // Two bits a block: no difference, no coefficients.
            file += [UInt8](repeating: 0, count: blocks / 4)
            if blocks % 4 > 0 { file.append(0xFF >> UInt8(blocks % 4 * 2)) }
        }
        return file + [0xFF, 0xD9]
    }

    static func segment(_ marker: UInt8, _ body: [UInt8]) -> [UInt8] {
        [0xFF, marker] + big(body.count + 2).suffix(2) + body
    }

    /// A code of one bit for the symbol 0.
    private static func table(_ kind: UInt8) -> [UInt8] {
        segment(0xC4, [kind, 1] + [UInt8](repeating: 0, count: 15) + [0])
    }
}

enum Bitmap {
    /// 64 x 64 indices in runs.
    static func runs(_ data: [UInt8]) -> [UInt8] {
        let offset = 14 + 40 + 8
        return Array("BM".utf8) + little(offset + data.count, 4) + little(0, 4) + little(offset, 4)
            + little(40, 4)
            + little(64, 4) + little(64, 4) + little(1, 2) + little(8, 2) + little(1, 4)
            + little(data.count, 4)
            + little(0, 8) + little(2, 4) + little(0, 4) + [UInt8](repeating: 0, count: 8) + data
    }
}

enum GIF {
    /// One frame of one colour, and as many blocks of nothing behind it.
    static func flat(side: Int, blocks: Int = 0) -> [UInt8] {
        var bits = BitWriter(isHighFirst: false)
        var left = side * side
        while left > 0 {
            bits.put((4, 3), (0, 3))
            left -= 1
            var (length, code, width) = (2, 6, 3)
            while left > 0, code < 4094 {
                let fits = length <= left
                bits.put((fits ? code : 0, width))
                left -= fits ? length : 1
                length += fits ? 1 : 0
                code += 1
                if code >= 1 << width, width < 12 { width += 1 }
            }
            if left > 0 { bits.put((4, width)) }
        }
        bits.put((5, 12))
        let data = bits.bytes
        let size = little(side, 2) + little(side, 2)
        var file =
            Array("GIF89a".utf8) + size + [0x81, 0, 0] + [UInt8](0..<12) + [0x2C, 0, 0, 0, 0] + size + [0, 2]
        for first in stride(from: 0, to: data.count, by: 255) {
            let part = data[first..<min(first + 255, data.count)]
            file += [UInt8(part.count)] + part
        }
        file.append(0)
        for _ in 0..<blocks { file += [0x21, 0xFF, 0] }
        return file + [0x3B]
    }
}
