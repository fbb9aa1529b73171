/// What bytes look like if they are not a picture of a supported format.
///
/// It is used only in the words of a refusal.
public enum LikelyContent: String, CaseIterable, Equatable, Sendable {
    case html = "a web page"
    case svg = "SVG"
    case xml = "XML"
    case json = "JSON"
    case jpegXL = "JPEG XL"
    case jpeg2000 = "JPEG 2000"
    case jpegXR = "JPEG XR"
    case pdf = "a PDF document"
    case postScript = "PostScript"
    case photoshop = "a Photoshop file"
    case icon = "an icon (ICO)"
    case netpbm = "a PBM, PGM or PPM picture"
    case openEXR = "OpenEXR"
    case radiance = "a Radiance picture (HDR)"
    case qoi = "QOI"
    case fits = "FITS"
    case heif = "a HEIF picture of a kind that is not read"
    case video = "a video"
    case audio = "a sound file"
    case zip = "a ZIP archive"
    case gzip = "gzip-compressed data"
    case archive = "an archive"
    case brokenPNG = "a PNG whose line ends were changed on the way"
    case base64 = "base64"
    case dataURL = "a data: URL"
    case text = "text"

    /// Guesses the content; nil if the bytes look like nothing that is known here.
    init?(of bytes: [UInt8]) {
        let head = bytes.prefix(1024)
        func has(_ signature: [UInt8], at offset: Int = 0) -> Bool {
            head.dropFirst(offset).starts(with: signature)
        }
        func has(_ text: String, at offset: Int = 0) -> Bool { has(Array(text.utf8), at: offset) }
        switch true {
        case has([0xFF, 0x0A]), has([0, 0, 0, 0x0C]) && has("JXL ", at: 4): self = .jpegXL
        case has([0, 0, 0, 0x0C]) && has("jP  ", at: 4), has([0xFF, 0x4F, 0xFF, 0x51]): self = .jpeg2000
        case has([0x49, 0x49, 0xBC]): self = .jpegXR
        case has("%PDF-"): self = .pdf
        case has("%!PS"): self = .postScript
        case has("8BPS"): self = .photoshop
        // A cursor file has at least one cursor; a TGA picture may begin like one without any.
        case has([0, 0, 1, 0]), has([0, 0, 2, 0]) && !has([0, 0], at: 4): self = .icon
        case has([0x76, 0x2F, 0x31, 0x01]): self = .openEXR
        case has("#?RADIANCE"), has("#?RGBE"): self = .radiance
        case has("qoif"): self = .qoi
        case has("SIMPLE  ="): self = .fits
        case has("ftyp", at: 4) && Self.pictureBrands.contains(where: { has($0, at: 8) }): self = .heif
        case has("ftyp", at: 4), has([0x1A, 0x45, 0xDF, 0xA3]), has("RIFF") && has("AVI ", at: 8):
            self = .video
        case has("RIFF") && has("WAVE", at: 8), has("ID3"), has("OggS"), has("fLaC"): self = .audio
        case has("PK\u{3}\u{4}"), has("PK\u{5}\u{6}"): self = .zip
        case has([0x1F, 0x8B]): self = .gzip
        case has("Rar!"), has([0x37, 0x7A, 0xBC, 0xAF]), has("BZh"), has([0xFD, 0x37, 0x7A, 0x58, 0x5A]),
            has([0x28, 0xB5, 0x2F, 0xFD]), has("ustar", at: 257):
            self = .archive
        case has([0x89, 0x50, 0x4E, 0x47]), has("PNG\r\n"), has([0xEF, 0xBF, 0xBD]) && has("PNG", at: 3):
            self = .brokenPNG
        default:
            guard let found = Self.text(head, isWhole: bytes.count == head.count) else { return nil }
            self = found
        }
    }

    /// The brands of ISO media files with pictures; AVIF and HEIC were recognized before.
    private static let pictureBrands = [
        "mif1", "mif2", "mif3", "msf1", "miaf", "avic", "avci", "avcs", "jpeg", "jpgs", "j2ki", "j2is",
        "vvic", "evbi",
    ]

    private static func text(_ head: ArraySlice<UInt8>, isWhole: Bool) -> LikelyContent? {
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        let body = head.starts(with: mark) ? head.dropFirst(3) : head
        // The last character may be cut off where the examined bytes end.
        guard body.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || 0x09...0x0D ~= $0 }),
            (isWhole ? 0...0 : 0...3).contains(where: {
                String(validating: body.dropLast($0), as: UTF8.self) != nil
            })
        else { return nil }
        let text = String(decoding: body, as: UTF8.self).lowercased().drop { $0.isWhitespace }
        if text.isEmpty { return .text }
        if text.contains("<svg") { return .svg }
        if text.contains("<html") || text.hasPrefix("<!doctype html") { return .html }
        if text.hasPrefix("<?xml") || text.hasPrefix("<") { return text.hasPrefix("<?xml") ? .xml : .html }
        if text.hasPrefix("{") || text.hasPrefix("[") { return .json }
        if text.hasPrefix("data:") { return .dataURL }
        if text.first == "p", let kind = text.dropFirst().first, "1"..."7" ~= kind,
            text.dropFirst(2).first?.isWhitespace == true
        {
            return .netpbm
        }
        let starts = ["/9j/", "ivbor", "r0lgod", "uklgr", "qk0", "suk"]
        if starts.contains(where: text.hasPrefix) { return .base64 }
        return .text
    }
}
