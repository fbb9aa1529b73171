#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

extension PreprocessingRecipe {
    /// Reads transformers' `preprocessor_config.json` of a CLIP.
    ///
    /// A field that is not there has the default of `CLIPImageProcessor` (5.x, compared with 5.24). Whatever asks for another way
    /// of preprocessing is refused by its name.
    public init(preprocessorConfig json: [UInt8]) throws(ImagingError) {
        try self.init(try Self.decode(PreprocessorConfig.self, from: json))
    }

    private init(_ config: PreprocessorConfig) throws(ImagingError) {
        for (name, type) in [
            ("image_processor_type", config.imageProcessorType),
            ("feature_extractor_type", config.featureExtractorType),
        ] {
            if let type,
                ![
                    "CLIPImageProcessor", "CLIPImageProcessorFast", "CLIPImageProcessorPil",
                    "CLIPFeatureExtractor",
                ].contains(type)
            {
                throw .unsupportedSetting(name: name, value: type)
            }
        }
        for (name, isDone) in [
            ("do_resize", config.doResize), ("do_center_crop", config.doCenterCrop),
            ("do_rescale", config.doRescale), ("do_normalize", config.doNormalize),
        ] where isDone?.value == false {
            throw .unsupportedSetting(name: name, value: "false")
        }
        // Null is no default: it switches a step off, or leaves it without what it needs.
        if let name = config.nulls.first { throw .unsupportedSetting(name: name, value: "null") }
        if config.doPad?.value == true, config.padsToSize {
            throw .unsupportedSetting(name: "do_pad", value: "true")
        }
        if let resample = config.resample, resample != 3 {
            throw .unsupportedSetting(name: "resample", value: "\(resample)")
        }
        if let factor = config.rescaleFactor, abs(factor * 255 - 1) > 1e-6 {
            throw .unsupportedSetting(name: "rescale_factor", value: "\(factor)")
        }
        // A lone number is the sides of a square then, into which transformers squeezes the picture.
        if config.size?.isPlain == true, config.defaultToSquare?.value == true {
            throw .unsupportedSetting(name: "default_to_square", value: "true")
        }
        let imageSize = try Self.shortestEdge(config.size)
        let crop = try Self.square(config.cropSize)
        if crop != imageSize {
            throw .unsupportedSetting(name: "crop_size", value: "\(crop) after size \(imageSize)")
        }
        try self.init(
            imageSize: imageSize,
            mean: config.imageMean?.values ?? Self.openAIMean,
            standardDeviation: config.imageStd?.values ?? Self.openAIStandardDeviation
        )
    }

    /// The sides of `size` and `crop_size` where a file does not tell them.
    private static let standardSide = 224

    /// Reads what transformers' `processor_config.json` says of images, in its `image_processor`.
    ///
    /// Nil where the file says nothing of images, as older ones do: then `preprocessor_config.json` counts. What it says of
    /// them in another place is refused: transformers does not find it there.
    /// Source: transformers 5, `ImageProcessingMixin.get_image_processor_dict`.
    public init?(processorConfig json: [UInt8]) throws(ImagingError) {
        let config = try Self.decode(ProcessorConfig.self, from: json)
        guard let nested = config.imageProcessor else {
            if let (name, value) = config.misplaced { throw .unsupportedSetting(name: name, value: value) }
            return nil
        }
        try self.init(nested)
    }

    /// Reads `preprocess_cfg` of OpenCLIP's `open_clip_config.json`.
    ///
    /// `imageSize` is the vision tower's.
    ///
    /// A field that is not there has OpenCLIP's default (3.x). Whatever asks for another way of preprocessing
    /// is refused by its name.
    public init(openCLIPConfig json: [UInt8], imageSize: Int) throws(ImagingError) {
        let config = try Self.decode(OpenCLIPConfig.self, from: json).preprocessing
        for (name, value, supported) in [
            ("interpolation", config?.interpolation, "bicubic"),
            ("resize_mode", config?.resizeMode, "shortest"),
            ("mode", config?.mode, "RGB"),
        ] {
            if let value, value != supported {
                throw .unsupportedSetting(name: "preprocess_cfg.\(name)", value: value)
            }
        }
        if let sides = config?.size?.sides, sides != [imageSize], sides != [imageSize, imageSize] {
            throw .unsupportedSetting(name: "preprocess_cfg.size", value: "\(sides)")
        }
        try self.init(
            imageSize: imageSize,
            mean: config?.mean ?? Self.openAIMean,
            standardDeviation: config?.std ?? Self.openAIStandardDeviation
        )
    }

    private static func decode<Config: Decodable>(
        _ type: Config.Type,
        from json: [UInt8]
    ) throws(ImagingError) -> Config {
        do {
            return try JSONDecoder().decode(type, from: Data(json))
        } catch let DecodingError.typeMismatch(_, context), let DecodingError.valueNotFound(_, context) {
            let path = context.codingPath.filter { $0.intValue == nil }.map(\.stringValue)
            throw .malformedConfiguration(name: path.isEmpty ? nil : path.joined(separator: "."))
        } catch {
            throw .malformedConfiguration(name: nil)
        }
    }

    private static func shortestEdge(_ size: SideLengths?) throws(ImagingError) -> Int {
        guard let size else { return standardSide }
        if size.longestEdge != nil { throw .unsupportedSetting(name: "size", value: "longest_edge") }
        // With a height and a width, transformers squeezes the picture into them whatever its shape.
        if size.height != nil || size.width != nil {
            throw .unsupportedSetting(name: "size", value: "height, width")
        }
        guard let side = size.shortestEdge else { throw .missingSetting(name: "size.shortest_edge") }
        return side
    }

    private static func square(_ size: SideLengths?) throws(ImagingError) -> Int {
        guard let size else { return standardSide }
        if let side = size.shortestEdge { return side }
        guard let height = size.height, let width = size.width else {
            throw .missingSetting(name: "crop_size")
        }
        guard height == width else {
            throw .unsupportedSetting(name: "crop_size", value: "height \(height), width \(width)")
        }
        return height
    }
}

/// The fields of `preprocessor_config.json` that matter.
private struct PreprocessorConfig: Decodable {
    var imageProcessorType, featureExtractorType: String?
    var size, cropSize: SideLengths?
    var resample: Int?
    var doResize, doCenterCrop, doRescale, doNormalize, doPad, defaultToSquare: Flag?
    var rescaleFactor: Double?
    var imageMean, imageStd: Channels?
    /// Whether there is a size to pad to; without one nothing is padded.
    var padsToSize: Bool
    /// The settings that are there as null.
    var nulls: [String]

    enum CodingKeys: String, CodingKey {
        case imageProcessorType = "image_processor_type"
        case featureExtractorType = "feature_extractor_type"
        case size
        case cropSize = "crop_size"
        case resample
        case doResize = "do_resize"
        case doCenterCrop = "do_center_crop"
        case doRescale = "do_rescale"
        case doNormalize = "do_normalize"
        case doPad = "do_pad"
        case padSize = "pad_size"
        case defaultToSquare = "default_to_square"
        case rescaleFactor = "rescale_factor"
        case imageMean = "image_mean"
        case imageStd = "image_std"
    }

    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        func value<Value: Decodable>(_ key: CodingKeys) throws -> Value? {
            try fields.decodeIfPresent(Value.self, forKey: key)
        }
        (imageProcessorType, featureExtractorType) = (
            try value(.imageProcessorType), try value(.featureExtractorType)
        )
        (size, cropSize, resample) = (try value(.size), try value(.cropSize), try value(.resample))
        (doResize, doCenterCrop) = (try value(.doResize), try value(.doCenterCrop))
        (doRescale, doNormalize, doPad) = (try value(.doRescale), try value(.doNormalize), try value(.doPad))
        defaultToSquare = try value(.defaultToSquare)
        (rescaleFactor, imageMean, imageStd) = (
            try value(.rescaleFactor), try value(.imageMean), try value(.imageStd)
        )
        padsToSize = try fields.contains(.padSize) && !fields.decodeNil(forKey: .padSize)
        let needed: [CodingKeys] = [
            .size, .cropSize, .resample, .doResize, .doCenterCrop, .doRescale, .doNormalize, .rescaleFactor,
            .imageMean,
            .imageStd,
        ]
        nulls = try needed.filter { try fields.contains($0) && fields.decodeNil(forKey: $0) }.map(
            \.stringValue
        )
    }
}

/// The object of `processor_config.json` that matters.
private struct ProcessorConfig: Decodable {
    var imageProcessor: PreprocessorConfig?
    /// A setting of images that stands where nobody reads it, with what it is there.
    var misplaced: (name: String, value: String)?

    enum CodingKeys: String, CodingKey {
        case imageProcessor = "image_processor"
        case featureExtractor = "feature_extractor"
    }

    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        imageProcessor = try fields.decodeIfPresent(PreprocessorConfig.self, forKey: .imageProcessor)
        let settings = try decoder.container(keyedBy: PreprocessorConfig.CodingKeys.self)
        if fields.contains(.imageProcessor) {
            misplaced = (CodingKeys.imageProcessor.rawValue, "null")
        } else if fields.contains(.featureExtractor) {
            misplaced = (CodingKeys.featureExtractor.rawValue, "the images' settings")
        } else if let key = settings.allKeys.min(by: { $0.rawValue < $1.rawValue }) {
            misplaced = (key.rawValue, "a setting outside image_processor")
        }
    }
}

/// A number for each of red, green and blue, or one for all.
private struct Channels: Decodable {
    let values: [Float]

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let value = try? container.decode(Float.self) {
            values = [value, value, value]
        } else {
            values = try container.decode([Float].self)
        }
    }
}

/// A boolean, or 1 or 0 in its place, which Python takes for the same.
private struct Flag: Decodable {
    let value: Bool

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let number = try? container.decode(Int.self), number == 0 || number == 1 {
            value = number == 1
        } else {
            value = try container.decode(Bool.self)
        }
    }
}

/// A size as transformers writes it: a number (the shortest edge), or an object that names its edges.
private struct SideLengths: Decodable {
    var shortestEdge, longestEdge, height, width: Int?
    /// Whether it was a number.
    var isPlain = false

    enum CodingKeys: String, CodingKey {
        case shortestEdge = "shortest_edge"
        case longestEdge = "longest_edge"
        case height, width
    }

    init(from decoder: any Decoder) throws {
        if let side = try? decoder.singleValueContainer().decode(Int.self) {
            shortestEdge = side
            isPlain = true
            return
        }
        let edges = try decoder.container(keyedBy: CodingKeys.self)
        shortestEdge = try edges.decodeIfPresent(Int.self, forKey: .shortestEdge)
        longestEdge = try edges.decodeIfPresent(Int.self, forKey: .longestEdge)
        height = try edges.decodeIfPresent(Int.self, forKey: .height)
        width = try edges.decodeIfPresent(Int.self, forKey: .width)
    }
}

/// The part of `open_clip_config.json` that matters.
private struct OpenCLIPConfig: Decodable {
    struct Preprocessing: Decodable {
        var size: Sides?
        var mode, interpolation, resizeMode: String?
        var mean, std: [Float]?

        enum CodingKeys: String, CodingKey {
            case size, mode, interpolation, mean, std
            case resizeMode = "resize_mode"
        }
    }

    /// A number, or height and width.
    struct Sides: Decodable {
        var sides: [Int]

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            sides = try (try? container.decode(Int.self)).map { [$0] } ?? container.decode([Int].self)
        }
    }

    var preprocessing: Preprocessing?

    enum CodingKeys: String, CodingKey {
        case preprocessing = "preprocess_cfg"
    }
}
