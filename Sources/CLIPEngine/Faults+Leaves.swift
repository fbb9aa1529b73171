internal import CLIPFetching
internal import CLIPImaging
internal import CLIPTokenization

extension ImageFault {
    /// What a decoding error means for the image's sender.
    ///
    /// - Parameter wasBase64: whether the bytes came as a text in base64.
    init(_ error: ImagingError, origin: ImageOrigin, wasBase64: Bool = false) {
        switch error {
        case .empty: self = .empty(origin)
        case .unknownFormat(let likely?) where likely == .base64 || likely == .dataURL:
            self = wasBase64 ? .unknownFormat(looksLike: "\(likely.rawValue) within base64") : .stillBase64
        case .unknownFormat(let likely): self = .unknownFormat(looksLike: likely?.rawValue)
        case .badHeader, .badPixels: self = .undecodable(origin)
        case .unsupportedColours: self = .unsupportedColours(cause: "\(error)")
        case .formatNotAvailable(let format), .formatNotAllowed(let format):
            self = .formatNotAvailable("\(format)")
        case .tooManyBytes(let count, let limit):
            self = .tooLarge("\(count) bytes; the limit is \(limit) (\(ImageLimits.bytesFlag))")
        case .tooManyBytesOf(let format, let count, let limit):
            self = .tooLarge(
                "\(count) bytes; the limit of \(format.name) is \(limit) (\(ImageLimits.byteFlag(of: format)))"
            )
        case .tooManyPixels(let width, let height, let limit):
            self = .tooLarge(
                "\(width) x \(height) pixels; the limit is \(limit) pixels (--max-image-pixels)"
            )
        case .tooManyPixelsOf(let format, let count, let limit):
            self = .tooLarge(
                "\(count) pixels, counted by the work they are; the limit of \(format.name) is \(limit) "
                    + "(\(ImageLimits.pixelFlag(of: format)))"
            )
        case .sideTooLong(let width, let height, let limit):
            self = .tooLarge(
                "\(width) x \(height) pixels; the limit of a side is \(limit) (\(ImageLimits.sideFlag))"
            )
        case .tooElongated(let width, let height, let limit):
            self = .tooLarge(
                "\(width) x \(height) pixels; one side may be at most \(limit) times the other "
                    + "(\(ImageLimits.ratioFlag))"
            )
        case .tooMuchMemory(let bytes, let limit):
            self = .tooMuchMemory(bytes: bytes, limit: limit)
        case .tookTooLong(let limit): self = .tooSlow(limit: limit)
        case .outOfMemory, .notAdmitted: self = .noMemory
        case .stopped: self = .stopped
        case .malformedConfiguration, .missingSetting, .unsupportedSetting:
            preconditionFailure("A recipe is read when its model is loaded, never while an image is decoded.")
        }
    }
}

extension EmbeddingError {
    /// What a fetching error means for the sender of the URL.
    ///
    /// The sender is not told how a host failed, because that would map the server's network. The sender is told that
    /// an address was refused, because the URL could not be corrected otherwise.
    init(_ error: FetchingError, index: Int) {
        let fault: ImageFault
        switch error {
        case .cancelled:
            self = .cancelled
            return
        case .shutDown:
            self = .shuttingDown
            return
        case .invalidConfiguration, .transportUnavailable:
            self = .failed("\(error)")
            return
        case .noRoom:
            self = .roomTaken
            return
        case .tooManyWaiting:
            // Each fetch that ends makes room for one that waits: several end every second, with the default limits of
            // 32 places and at most 10 s.
            self = .overloaded(retryAfterSeconds: 1)
            return
        case .invalidURL: fault = .invalidURL(cause: "\(error)")
        case .schemeNotAllowed: fault = .schemeNotAllowed
        case .addressNotAllowed: fault = .addressNotAllowed
        case .hostNotAllowed(let host): fault = .hostNotAllowed(host)
        case .hostDenied(let host): fault = .hostDenied(host)
        case .secureConnectionRequired: fault = .httpsRequired
        case .publicNameRequired(let host): fault = .publicNameRequired(host: host)
        case .encodingNotSupported(let name): fault = .encodingNotSupported(name)
        case .timedOut: fault = .timedOut
        case .tooManyRedirects: fault = .tooManyRedirects
        case .badStatus(let status): fault = .badStatus(status)
        case .tooManyBytes(let limit):
            fault = .tooLarge("more than \(limit) bytes (\(ImageLimits.bytesFlag))")
        case .emptyBody: fault = .empty(.url)
        case .invalidRedirect, .hostNotFound, .connectionFailed, .certificateNotTrusted,
            .secureConnectionFailed,
            .connectionLost, .incompleteBody, .badEncoding, .invalidResponse:
            fault = .unreachable(cause: "\(error)")
        }
        self = .image(index: index, fault)
    }

    /// What a tokenising error means for the sender of the text.
    init(_ error: TokenizationError, index: Int) {
        switch error {
        case .tooManyTokens(let count, let limit):
            self = .textTooLong(index: index, count: count, limit: limit)
        case .unsettledCaption: self = .textTangled(index: index)
        case .lengthenedCaption: self = .textLengthened(index: index)
        case .tokenWithoutRow(let token, _, let rows):
            self = .textBeyondVocabulary(index: index, token: token, rows: rows)
        default: self = .failed("a vocabulary's error came from a caption: \(error)")
        }
    }
}
