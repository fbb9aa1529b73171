extension ImagingError: CustomStringConvertible {
    /// A sentence for a person that says what is wrong with the image or the model's preprocessing, and what helps.
    public var description: String {
        switch self {
        case .empty: "The image has no bytes. Check where it comes from."
        case .unknownFormat(let likely):
            "The bytes are no image of a format that is read here"
                + (likely.map { "; they look like \($0.rawValue)" } ?? "") + ". Give JPEG, PNG or WebP."
        case .formatNotAllowed(let format):
            "Images as \(format.rawValue) are switched off; --image-formats says which are read. Give JPEG, PNG or WebP."
        case .formatNotAvailable(let format):
            "The libraries of this machine cannot decode \(format.rawValue). Give JPEG, PNG or WebP."
        case .tooManyBytes(let count, let limit):
            "The image has \(count) bytes; at most \(limit) are read. Make it smaller, or raise --max-image-bytes."
        case .tooManyPixels(let width, let height, let limit):
            "The image has \(width) x \(height) pixels; at most \(limit) are decoded. Make it smaller, or raise "
                + "--max-image-pixels."
        case .tooManyPixelsOf(let format, let count, let limit):
            "The \(format.name) has \(count) pixels, counted by the work they are; at most \(limit) are decoded. Make it "
                + "smaller, give JPEG, or raise \(ImageLimits.pixelFlag(of: format))."
        case .tooManyBytesOf(let format, let count, let limit):
            "The \(format.name) has \(count) bytes; at most \(limit) are decoded. Make it smaller, give JPEG, or raise "
                + "\(ImageLimits.byteFlag(of: format))."
        case .sideTooLong(let width, let height, let limit):
            "The image has \(width) x \(height) pixels; a side may have \(limit). Make it smaller, or raise "
                + "\(ImageLimits.sideFlag)."
        case .tooElongated(let width, let height, let limit):
            "The image has \(width) x \(height) pixels; one side may be \(limit) times the other. Cut it, or raise "
                + "\(ImageLimits.ratioFlag)."
        case .badHeader(let format):
            "The image's header is damaged or cut off, or is of a kind of \(format.rawValue) that is not read. "
                + Self.saveAnew
        case .badPixels(let format):
            "The image is damaged or cut off behind the header of its \(format.rawValue). \(Self.saveAnew)"
        case .unsupportedColours(let format):
            "The image's colours have no plain way to RGB, as those of its \(format.rawValue) may. Save it as RGB."
        case .notAdmitted(let bytes):
            "There is no room for the \(bytes) bytes that decoding the image takes. Try again later, or raise --memory-budget."
        case .tooMuchMemory(let bytes, let limit):
            "Decoding the image takes \(bytes) bytes; at most \(limit) are given to one. Make it "
                + "smaller, or raise --memory-budget."
        case .outOfMemory: "The system has no memory for decoding the image. Try again later."
        case .tookTooLong(let limit):
            "Decoding the image takes longer than \(limit / .seconds(1)) s. Make it smaller, or raise --decode-seconds."
        case .stopped: "Nobody waits for the image any more."
        case .malformedConfiguration(nil):
            "How images are prepared is not told as JSON of the form that is expected; was the download cut off? "
                + Self.downloadAnew
        case .malformedConfiguration(let name?):
            "How images are prepared: '\(name.shown)' is not of the kind that is expected. \(Self.downloadAnew)"
        case .missingSetting(let name):
            "How images are prepared: '\(name.shown)' is missing. \(Self.downloadAnew)"
        case .unsupportedSetting(let name, let value):
            "How images are prepared: '\(name.shown)' as \(value.shown) is not done here, and to pass it over would give "
                + "other embeddings. Use a checkpoint that prepares images as CLIP does."
        }
    }

    private static let saveAnew = "Save it anew as JPEG, PNG or WebP."
    private static let downloadAnew = "Download that file anew, or mend it."
}

extension String {
    /// Text from a file, shortened and without control characters, which a terminal would obey.
    fileprivate var shown: String {
        let text = unicodeScalars.prefix(64).map {
            $0.properties.generalCategory == .control ? $0.escaped(asASCII: true) : String($0)
        }
        return text.joined()
    }
}
