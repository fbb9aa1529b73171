internal import CLIPEngine

extension JSONWriter {
    /// A whole body: an object, of which `body` writes the members.
    static func object(_ body: (inout JSONWriter) -> Void) -> [UInt8] {
        var writer = JSONWriter()
        writer.object(body)
        return writer.bytes
    }

    /// The member `towers` of what tells of a model: `image` and `text`, or one of them.
    mutating func towers(_ towers: [Tower]) {
        member("towers") { writer in
            writer.array { writer in
                for tower in towers { writer.string(tower.rawValue) }
            }
        }
    }
}
