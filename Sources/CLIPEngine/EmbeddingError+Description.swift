extension EmbeddingError: CustomStringConvertible {
    /// A sentence for a person at the shell, or for the log: what is wrong, and what helps.
    ///
    /// It names files and tensors. What the sender of a request is told, the server says in words of its own.
    public var description: String {
        switch self {
        case .unknownModel(let name): "There is no model '\(name)'."
        case .invalidModelName(let name): "'\(name)' is not a model name."
        case .noImages: "There is no image."
        case .noTexts: "There is no text."
        case .noPrompts: "There is nothing to compare with."
        case .tooManyImages(let count, let limit):
            "\(count) images are more than \(limit), the most at once (--max-batch)."
        case .tooManyPrompts(let count, let limit):
            "\(count) prompts are more than \(limit), the most at once (--max-batch)."
        case .image(_, let fault): fault.description
        case .textTooLong(let index, let count, let limit):
            "\(index > 0 ? "Text \(index + 1)" : "The text") has \(count) tokens; the model has \(limit) positions. "
                + "Shorten it."
        case .tooManyTexts(let count, let limit):
            "\(count) texts are more than \(limit), the most at once (--max-texts)."
        case .textTooLarge(_, let count, let limit):
            "The text has \(count) bytes; at most \(limit) are read. Shorten it."
        case .textTangled: "The text has too many nested HTML entities. Give it unescaped."
        case .overloaded(let seconds): "Too much is waiting. There may be room again in \(seconds) s."
        case .tooMuchMemory(let bytes, let limit):
            "The answer would take \(bytes) bytes; \(limit) are the most. Ask for fewer at once."
        case .shuttingDown: "The program is being stopped."
        case .cancelled: "Nobody waits for the answer any more."
        case .modelUnavailable(let name, let cause): "Model '\(name)' cannot be loaded: \(cause)"
        case .failed(let cause): "Failed: \(cause)"
        case .invalidConfiguration(let problems): problems.joined(separator: "\n")
        }
    }
}

extension ImageFault: CustomStringConvertible {
    /// A sentence for a person at the shell, or for the log.
    public var description: String {
        switch self {
        case .malformedBase64: "This is not base64."
        case .empty: "The image is empty."
        case .unknownFormat(let likely):
            "This is no picture of a format that is read" + (likely.map { "; it looks like \($0)" } ?? "")
                + ". Give JPEG, PNG or WebP."
        case .undecodable:
            "The picture is damaged or cut off, or of a kind that is not read. Give JPEG, PNG or WebP."
        case .unsupportedColours(let cause): cause
        case .tooSlow(let limit):
            "Decoding the picture takes longer than \(limit / .seconds(1)) s, which --decode-seconds sets."
        case .noMemory: "There is not enough memory for decoding the picture. Try again later."
        case .stopped: "Nobody waits for the picture any more."
        case .formatNotAvailable(let format):
            "Images as \(format) are not read: they are switched off (--image-formats), or this system lacks their "
                + "decoder."
        case .tooLarge(let detail): "The image is too large: \(detail)."
        case .tooMuchMemory(let bytes, let limit):
            "Decoding the image would take \(bytes) bytes; \(limit) are the most. Make it smaller."
        case .urlsNotAllowed: "Images by URL are switched off."
        case .invalidURL(let cause): cause
        case .schemeNotAllowed: "Only https and http URLs are fetched."
        case .addressNotAllowed: "The URL leads to a private or otherwise special address."
        case .hostNotAllowed(let host):
            "The host '\(host)' is not on the list of hosts that may be fetched from."
        case .hostDenied(let host): "The host '\(host)' is on the list of hosts that may not be fetched from."
        case .httpsRequired: "Only https URLs are fetched."
        case .publicNameRequired(let host):
            "The host '\(host)' is an address or a private name; only public names are fetched from."
        case .encodingNotSupported(let name):
            "The host sends the image packed with '\(name)'; gzip and deflate are unpacked, once."
        case .unreachable(let cause): cause
        case .badStatus(let status): "The host answered with status \(status)."
        case .timedOut: "Fetching the image took too long."
        case .tooManyRedirects: "The URL redirects too often."
        }
    }
}
