/// A form as a body, with files as programs send them.
enum SentForm {
    static let type = ("Content-Type", "multipart/form-data; boundary=\"xYz\"")

    static func bytes(_ parts: [(name: String, content: [UInt8])]) -> [UInt8] {
        var form: [UInt8] = []
        for part in parts {
            form += "--xYz\r\nContent-Disposition: form-data; name=\"\(part.name)\"; filename=\"a\"\r\n".utf8
            form += "Content-Type: image/jpeg\r\n\r\n".utf8
            form += part.content
            form += "\r\n".utf8
        }
        return form + Array("--xYz--\r\n".utf8)
    }
}
