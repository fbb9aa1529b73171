extension EmbeddingError: CustomStringConvertible {
    /// A sentence for a person at the shell, or for the log: the fault and its remedy.
    ///
    /// The sentence names files and tensors. The server has its own sentences for the senders of requests.
    public var description: String {
        switch self {
        case .unknownModel(let name): "There is no model '\(name)'. Name one of those that --model gives."
        case .modelNotAllowed(let name):
            "Model '\(name)' is none of those that requests may have fetched. Allow it with --allow-models, or name it with --model."
        case .notPerceptionEncoder(let name):
            "Model '\(name)' is no Perception Encoder. Ask for it at the routes of CLIP."
        case .noTower(.image, let name):
            "Model '\(name)' is a text tower alone, which embeds no images; name a model that has an image tower."
        case .noTower(.text, let name):
            "Model '\(name)' is an image tower alone, which embeds no texts; name a model that has a text tower."
        case .invalidModelName(let name):
            "'\(name)' is not a model name. Use letters and digits of ASCII, '.', '_' and '-' only."
        case .noImages: "There is no image. Give one at least."
        case .noTexts: "There is no text. Give one at least."
        case .noPrompts: "There is nothing to compare with. Give one prompt at least."
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
        case .textLengthened(let index):
            "The model's tokenizer makes far too much of \(index > 0 ? "text \(index + 1)" : "the text"). "
                + "Write it in another way, or use a checkpoint whose tokenizer does not."
        case .textBeyondVocabulary(let index, let token, let rows):
            "\(index > 0 ? "Text \(index + 1)" : "The text") has the token '\(token)', which is none of the \(rows) that the "
                + "model's network knows. Take it out, or write it in another way."
        case .labels(let fault): fault.description
        case .label(let index, let error): "Label \(index + 1) cannot be used. \(error.ofOneText)"
        case .overloaded(let seconds): "Too much is waiting. Try again in \(seconds) s."
        case .tooMuchMemory(let bytes, let limit):
            "The answer would take \(bytes) bytes; \(limit) are the most. Ask for fewer at once, or raise --memory-budget of clip serve."
        case .shuttingDown: "The program is being stopped. Try again when it is back."
        case .cancelled: "Nobody waits for the answer any more."
        case .modelLoading(let name, let seconds):
            "Model '\(name)' is still being loaded. Try again in \(seconds) s, or raise --load-seconds."
        case .tooManyLoads(let limit, let seconds):
            "\(limit) other models are being fetched. Try again in \(seconds) s."
        case .modelTooLarge(let name, let bytes, let beside, let limit):
            "Model '\(name)' takes \(bytes) bytes"
                + (beside > 0 ? " beside the \(beside) of the default model" : "")
                + "; \(limit) are the most for all models. Raise --model-memory, or ask for a lower --precision."
        case .modelUnavailable(let name, let cause): "Model '\(name)' cannot be loaded: \(cause)"
        case .modelNotFetched(let name, let cause, _): "Model '\(name)' could not be fetched: \(cause)"
        case .heldOff(let error, let seconds): "\(error) Try again in \(seconds) s."
        case .failed(let cause): "Failed: \(cause)"
        case .invalidConfiguration(let problems): problems.joined(separator: "\n")
        }
    }
}

extension ImageFault: CustomStringConvertible {
    /// A sentence for a person at the shell, or for the log.
    public var description: String {
        switch self {
        case .malformedBase64: "This is not base64. Encode the whole file, up to its padding."
        case .empty: "The image is empty. Check where it comes from."
        case .unknownFormat(let likely):
            "This is no picture of a format that is read" + (likely.map { "; it looks like \($0)" } ?? "")
                + ". Give JPEG, PNG or WebP."
        case .stillBase64: "This is base64 and not yet a picture. Give the picture's bytes, not base64."
        case .undecodable:
            "The picture is damaged or cut off, or of a kind that is not read. Give JPEG, PNG or WebP."
        case .unsupportedColours(let cause): cause
        case .tooSlow(let limit):
            "Decoding the picture takes longer than \(limit / .seconds(1)) s. Make it smaller, or raise --decode-seconds."
        case .noMemory: "There is not enough memory for decoding the picture. Try again later."
        case .stopped: "Nobody waits for the picture any more."
        case .formatNotAvailable(let format):
            "Images as \(format) are not read: they are switched off (--image-formats), or this system lacks their "
                + "decoder. Give JPEG, PNG or WebP."
        case .tooLarge(let detail): "The image is too large: \(detail). Make it smaller, or raise that limit."
        case .tooMuchMemory(let bytes, let limit):
            "Decoding the image would take \(bytes) bytes; \(limit) are the most. Make it smaller, or raise --memory-budget of clip serve."
        case .urlsNotAllowed:
            "Images by URL are switched off. Send the image itself, or switch them on with --allow-urls."
        case .invalidURL(let cause): cause
        case .schemeNotAllowed: "Only https and http URLs are fetched. Use one of these."
        case .addressNotAllowed:
            "The URL leads to a private or otherwise special address, or to one of --fetch-hosts-deny. Use a public one; "
                + "--allow-private-addresses lets private ones be fetched from."
        case .hostNotAllowed(let host):
            "The host '\(host)' is not on the list of hosts that may be fetched from. Add it to --fetch-hosts if it should be."
        case .hostDenied(let host):
            "The host '\(host)' is on the list of hosts that may not be fetched from. Take it off --fetch-hosts-deny if it "
                + "should be allowed."
        case .httpsRequired: "Only https URLs are fetched (--https-only). Use an https URL."
        case .publicNameRequired(let host):
            "The host '\(host)' is an address or a private name; only public names are fetched from "
                + "(--public-names-only). Use a host's full public name."
        case .encodingNotSupported(let name):
            "The host sends the image packed with '\(name)'. Have it send it as it is, or packed once with gzip or deflate."
        case .unreachable(let cause): cause
        case .badStatus(let status): "The host answered with status \(status). Check the URL in a browser."
        case .timedOut:
            "Fetching the image took too long, or it came too slowly. Try again, raise --fetch-seconds, or lower "
                + "--fetch-min-speed."
        case .tooManyRedirects:
            "The URL redirects too often. Give the one that it ends at, or raise --max-redirects."
        }
    }
}
