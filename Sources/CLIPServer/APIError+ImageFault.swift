import CLIPEngine

extension APIError {
    /// What the sender of an image is told of its fault, behind the real server's beginning of such sentences.
    static func text(of fault: ImageFault) -> String {
        switch fault {
        // The real server says the same of what is not base64 and of what is not an image.
        case .malformedBase64: "Malformed base64 input image."
        case .empty: "Empty image payload."
        case .unknownFormat(let likely):
            "The bytes are no picture of a format that is read here"
                + (likely.map { "; they look like \($0)" } ?? "") + ". Send JPEG, PNG or WebP."
        case .stillBase64:
            "The bytes are base64 and not yet a picture. Send the picture's bytes, not base64."
        case .undecodable, .unsupportedColours:
            "The picture is damaged or cut off, or of a kind that is not read here. Send it as JPEG, PNG or WebP."
        case .tooSlow(let limit):
            "The picture takes longer to decode than the \(seconds(limit)) that one may take here "
                + "(--decode-seconds). Send it smaller, or as a plain JPEG or PNG."
        case .noMemory: "The server has no memory for decoding the picture at the moment. Try again later."
        case .stopped: "The client closed the request."
        case .formatNotAvailable(let format):
            "This server cannot read \(format) images. Send JPEG, PNG or WebP."
        case .tooLarge(let figures):
            "The image is too large: \(figures). Send a smaller one; the server's operator can raise the limit."
        case .tooMuchMemory(let bytes, let limit):
            "Decoding the image would take \(bytes) bytes, and this server has \(limit) for all requests together. "
                + "Send a smaller one; the server's operator can raise --memory-budget."
        case .urlsNotAllowed:
            "Providing images via URL is not supported in this configuration of `inference`."
        case .invalidURL: "Provided image URL is invalid"
        case .schemeNotAllowed, .httpsRequired:
            "Providing images via non https:// URL is not supported in this configuration of `inference`."
        case .addressNotAllowed: "URL points to a network destination that is not allowed."
        case .publicNameRequired:
            "Providing images via URL without FQDN is not supported in this configuration of `inference`."
        case .hostNotAllowed:
            "It is not allowed to reach image URL - prohibited by whitelisted destinations."
        case .hostDenied:
            "It is not allowed to reach image URL - prohibited by blacklisted destinations."
        case .encodingNotSupported:
            "The image's host sends it with a Content-Encoding that is not unpacked here. Send the image as it is, "
                + "or packed once with gzip or deflate."
        case .unreachable, .badStatus, .timedOut, .tooManyRedirects:
            "Data pointed by URL could not be decoded into image."
        }
    }
}
