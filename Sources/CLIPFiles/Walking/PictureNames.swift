/// How the names of pictures end that this program reads.
package enum PictureNames {
    private static let endings: Set<String> = [
        "avif", "bmp", "dib", "gif", "heic", "heif", "jfif", "jpe", "jpeg", "jpg", "png", "tif", "tiff",
        "webp",
    ]
    private static let longest = 5

    package static func contain(_ name: String) -> Bool { contain(bytes: name.utf8) }

    static func contain(bytes name: some BidirectionalCollection<UInt8>) -> Bool {
        guard let dot = name.lastIndex(of: UInt8(ascii: ".")) else { return false }
        let ending = name[name.index(after: dot)...]
        guard ending.count <= longest, ending.allSatisfy({ $0 < 0x80 }) else { return false }
        return endings.contains(String(decoding: ending, as: UTF8.self).lowercased())
    }
}
