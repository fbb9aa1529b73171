/// The format of an encoded image, recognized by its first bytes.
///
/// File names and media types are never believed.
public enum ImageFormat: String, CaseIterable, Equatable, Sendable {
    case jpeg, png, webp, gif, bmp, tiff, avif, heic

    /// The formats that are read unless told otherwise: those whose cost is limited beforehand and whose decode can be
    /// stopped.
    public static let readByDefault: Set<ImageFormat> = Set(allCases).subtracting([.heic])

    /// The format's name as people write it.
    package var name: String {
        self == .webp ? "WebP" : rawValue.uppercased()
    }

    /// Recognizes the format by its signature; nil if it is none of these.
    public init?(sniffing bytes: some RandomAccessCollection<UInt8>) {
        let head = Array(bytes.prefix(Self.sniffedBytes))
        func has(_ signature: [UInt8], at offset: Int = 0) -> Bool {
            head.dropFirst(offset).starts(with: signature)
        }
        switch true {
        case has([0xFF, 0xD8, 0xFF]): self = .jpeg
        case has([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]): self = .png
        case has(Array("RIFF".utf8)) && has(Array("WEBP".utf8), at: 8): self = .webp
        case has(Array("GIF87a".utf8)), has(Array("GIF89a".utf8)): self = .gif
        case has(Array("II*\0".utf8)), has(Array("MM\0*".utf8)): self = .tiff
        case has(Array("II+\0".utf8)), has(Array("MM\0+".utf8)): self = .tiff  // BigTIFF
        case has(Array("ftyp".utf8), at: 4):
            guard let format = Self.format(ofFileTypeBox: head) else { return nil }
            self = format
        case has(Array("BM".utf8)): self = .bmp
        default: return nil
        }
    }

    /// The number of bytes examined, enough for a file type box with every brand that cameras write.
    private static let sniffedBytes = 128

    /// The format of a file type box, which AVIF and HEIC share.
    ///
    /// The major brand decides; if it is a generic one, the compatible brands do.
    private static func format(ofFileTypeBox head: [UInt8]) -> ImageFormat? {
        let size = head.prefix(4).reduce(0) { $0 << 8 | Int($1) }
        // A box has a size, "ftyp", the major brand, the minor version and the compatible brands.
        let box = head.prefix(size)
        let brands = stride(from: 8, to: box.count - 3, by: 4).filter { $0 != 12 }.map { box[$0..<$0 + 4] }
        for brand in brands {
            switch String(decoding: brand, as: UTF8.self) {
            case "avif", "avis": return .avif
            case "heic", "heix", "heim", "heis", "hevc", "hevx": return .heic
            default: continue
            }
        }
        return nil
    }
}
