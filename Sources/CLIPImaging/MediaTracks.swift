/// The tracks of an animated AVIF or HEIC.
///
/// None of them is decoded here, but a library keeps notes on each, so there may be only as many as such files have.
enum MediaTracks {
    /// Whether a movie has few boxes, and the boxes that describe its tracks are valid.
    static func areFew(in movie: FileFields, of file: FileFields) -> Bool {
        var left = mostBoxes
        return areFew(in: movie, of: file, depth: 0, left: &left)
    }

    /// The most boxes: there are a colour track and one for its alpha, with about sixteen boxes each.
    private static let mostBoxes = 256
    private static let mostDescriptions = 4
    private static let deepest = 6

    private static func areFew(in box: FileFields, of file: FileFields, depth: Int, left: inout Int) -> Bool {
        guard let parts = MediaBoxes.boxes(of: box), parts.count <= left, depth < deepest else {
            return false
        }
        left -= parts.count
        for part in parts {
            switch part.type {
            case "trak", "mdia", "minf", "stbl", "tref":
                guard areFew(in: part.body, of: file, depth: depth + 1, left: &left) else { return false }
            case "stsd":
                guard let count = part.body.number(at: 4, bytes: 4), count <= mostDescriptions,
                    let list = part.body.part(from: 8, to: part.body.count),
                    areFewWithin(list, left: &left)
                else { return false }
            case "meta":
                guard MediaBoxes(ofTrack: part.body, in: file) != nil else { return false }
            default: break
            }
        }
        return true
    }

    /// The boxes in each sample description come after its own 78 bytes.
    private static func areFewWithin(_ list: FileFields, left: inout Int) -> Bool {
        guard let descriptions = MediaBoxes.boxes(of: list), descriptions.count <= left else { return false }
        left -= descriptions.count
        for description in descriptions where description.body.count >= 78 {
            guard let rest = description.body.part(from: 78, to: description.body.count),
                let parts = MediaBoxes.boxes(of: rest, isWhole: false), parts.count <= left
            else { return false }
            left -= parts.count
        }
        return true
    }
}
