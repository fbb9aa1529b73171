/// The fields of transformers' `preprocessor_config.json` that matter.
struct ProcessorSettings: Decodable {
    var imageProcessorType, featureExtractorType: String?
    var size, cropSize: SideLengths?
    var resample: Int?
    var doResize, doCenterCrop, doRescale, doNormalize, doPad, defaultToSquare, usesSquareSize: Flag?
    var rescaleFactor: Double?
    var imageMean, imageStd: ChannelValues?
    /// Whether there is a size to pad to; without one nothing is padded.
    var padsToSize: Bool
    /// Whether the crop is switched off by a null, and whether its size is one.
    var isCropNull, isCropSizeNull: Bool
    /// The settings that are there as null, and have to be something.
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
        case usesSquareSize = "use_square_size"
        case rescaleFactor = "rescale_factor"
        case imageMean = "image_mean"
        case imageStd = "image_std"
    }

    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        func value<Value: Decodable>(_ key: CodingKeys) throws -> Value? {
            try fields.decodeIfPresent(Value.self, forKey: key)
        }
        func isNull(_ key: CodingKeys) throws -> Bool {
            try fields.contains(key) && fields.decodeNil(forKey: key)
        }
        (imageProcessorType, featureExtractorType) = (
            try value(.imageProcessorType), try value(.featureExtractorType)
        )
        (size, cropSize, resample) = (try value(.size), try value(.cropSize), try value(.resample))
        (doResize, doCenterCrop) = (try value(.doResize), try value(.doCenterCrop))
        (doRescale, doNormalize, doPad) = (try value(.doRescale), try value(.doNormalize), try value(.doPad))
        (defaultToSquare, usesSquareSize) = (try value(.defaultToSquare), try value(.usesSquareSize))
        (rescaleFactor, imageMean, imageStd) = (
            try value(.rescaleFactor), try value(.imageMean), try value(.imageStd)
        )
        padsToSize = try fields.contains(.padSize) && !fields.decodeNil(forKey: .padSize)
        (isCropNull, isCropSizeNull) = (try isNull(.doCenterCrop), try isNull(.cropSize))
        let needed: [CodingKeys] = [
            .size, .resample, .doResize, .doRescale, .doNormalize, .rescaleFactor, .imageMean, .imageStd,
        ]
        nulls = try needed.filter(isNull).map(\.stringValue)
    }
}

/// The object of transformers' `processor_config.json` that matters.
struct ProcessorConfig: Decodable {
    var imageProcessor: ProcessorSettings?
    /// A setting of images that stands where nobody reads it, with what it is there.
    var misplaced: (name: String, value: String)?

    enum CodingKeys: String, CodingKey {
        case imageProcessor = "image_processor"
        case featureExtractor = "feature_extractor"
    }

    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        imageProcessor = try fields.decodeIfPresent(ProcessorSettings.self, forKey: .imageProcessor)
        let settings = try decoder.container(keyedBy: ProcessorSettings.CodingKeys.self)
        if fields.contains(.imageProcessor) {
            misplaced = (CodingKeys.imageProcessor.rawValue, "null")
        } else if fields.contains(.featureExtractor) {
            misplaced = (CodingKeys.featureExtractor.rawValue, "the images' settings")
        } else if let key = settings.allKeys.min(by: { $0.rawValue < $1.rawValue }) {
            misplaced = (key.rawValue, "a setting outside image_processor")
        }
    }
}
