extension PreprocessingRecipe {
    /// Reads transformers' `preprocessor_config.json`.
    ///
    /// A setting that is absent has the default of the processor that the file names (5.24). If it names none, the
    /// processor is the one that `config.json` names or that belongs to its `model_type`; without that file it is
    /// `CLIPImageProcessor`. A setting that asks for another kind of preprocessing is refused by name.
    ///
    /// Source: transformers 5.24, `AutoImageProcessor.from_pretrained`.
    public init(preprocessorConfig json: [UInt8], modelConfig: [UInt8]? = nil) throws(ImagingError) {
        try self.init(
            try ProcessorSettings(SettingsReader(json: json)),
            standard: try ProcessorKind(ofModel: modelConfig)
        )
    }

    /// Reads the image settings in transformers' `processor_config.json`, which are its `image_processor`.
    ///
    /// Nil if the file has no image settings, as older files do not; then `preprocessor_config.json` counts. Image
    /// settings in another place of the file are refused, because transformers does not find them there.
    ///
    /// Source: transformers 5, `ImageProcessingMixin.get_image_processor_dict`.
    public init?(processorConfig json: [UInt8], modelConfig: [UInt8]? = nil) throws(ImagingError) {
        guard let nested = try ProcessorSettings.nested(in: SettingsReader(json: json)) else { return nil }
        try self.init(nested, standard: try ProcessorKind(ofModel: modelConfig))
    }

    private init(_ settings: ProcessorSettings, standard: ProcessorKind) throws(ImagingError) {
        let kind = try ProcessorKind(of: settings) ?? standard
        for (name, isDone) in [
            ("do_resize", settings.doResize), ("do_rescale", settings.doRescale),
            ("do_normalize", settings.doNormalize),
        ] where isDone == false {
            throw .unsupportedSetting(name: name, value: "false")
        }
        // null is not the default: it switches a step off, or leaves it without something that it needs.
        if let name = settings.nulls.first { throw .unsupportedSetting(name: name, value: "null") }
        if settings.doPad == true, settings.padsToSize {
            throw .unsupportedSetting(name: "do_pad", value: "true")
        }
        if settings.usesSquareSize == true {
            throw .unsupportedSetting(name: "use_square_size", value: "true")
        }
        let filters: [Int: ResizeFilter] = [2: .bilinear, 3: .bicubic]
        let resample = settings.resample ?? kind.resample
        guard let filter = filters[resample] else {
            throw .unsupportedSetting(name: "resample", value: "\(resample)")
        }
        let (mode, side) = try Self.resizing(settings, kind)
        let crop = try Self.crop(settings, kind)
        if crop == nil, mode != .squash {
            throw .unsupportedSetting(name: "do_center_crop", value: settings.isCropNull ? "null" : "false")
        }
        try self.init(
            imageSize: crop ?? side,
            mean: settings.imageMean ?? kind.mean,
            standardDeviation: settings.imageStd ?? kind.standardDeviation,
            resizedSide: side,
            rescaleFactor: settings.rescaleFactor ?? 1 / 255
        )
        (resizeMode, self.filter, library) = (mode, filter, .transformers)
    }

    /// The sides of `size` and `crop_size` if the file does not give them.
    private static let standardSide = 224

    private static func resizing(
        _ settings: ProcessorSettings,
        _ kind: ProcessorKind
    ) throws(ImagingError) -> (mode: ResizeMode, side: Int) {
        guard let size = settings.size else { return (kind.isSquare ? .squash : .shortest, standardSide) }
        if size.longestEdge != nil { throw .unsupportedSetting(name: "size", value: "longest_edge") }
        if let side = size.single {
            // A single number means either both sides of a square or the short side.
            let isSquare = settings.defaultToSquare ?? kind.defaultsToSquare
            return (isSquare ? .squash : .shortest, side)
        }
        if size.height != nil || size.width != nil {
            if size.shortestEdge != nil {
                throw .unsupportedSetting(name: "size", value: "shortest_edge, height, width")
            }
            return (.squash, try square(size, name: "size"))
        }
        guard let side = size.shortestEdge else { throw .missingSetting(name: "size.shortest_edge") }
        return (.shortest, side)
    }

    /// The side of the crop; nil if the picture is not cropped.
    private static func crop(
        _ settings: ProcessorSettings,
        _ kind: ProcessorKind
    ) throws(ImagingError) -> Int? {
        guard settings.isCropNull ? false : settings.doCenterCrop ?? kind.crops else { return nil }
        guard !settings.isCropSizeNull else { throw .unsupportedSetting(name: "crop_size", value: "null") }
        guard let size = settings.cropSize else {
            // Only a processor that crops by default has a default size for the crop.
            guard kind.crops else { throw .missingSetting(name: "crop_size") }
            return standardSide
        }
        if let side = size.single ?? size.shortestEdge { return side }
        return try square(size, name: "crop_size")
    }

    private static func square(_ size: SideLengths, name: String) throws(ImagingError) -> Int {
        guard let height = size.height, let width = size.width else { throw .missingSetting(name: name) }
        guard height == width else {
            throw .unsupportedSetting(name: name, value: "height \(height), width \(width)")
        }
        return height
    }
}

/// The supported processors of transformers, with their defaults (5.24).
private enum ProcessorKind {
    /// `CLIPImageProcessor`, and `BitImageProcessor`, which has the same defaults.
    case clip
    case siglip
    case vit

    /// The processor named by either of the two fields; nil if both are absent.
    ///
    /// `AutoImageProcessor` uses the processor over torchvision's tensors, whatever suffix the name has.
    init?(of settings: ProcessorSettings) throws(ImagingError) {
        var found: ProcessorKind?
        for (name, type) in [
            ("image_processor_type", settings.imageProcessorType),
            ("feature_extractor_type", settings.featureExtractorType),
        ] {
            guard let type else { continue }
            guard let kind = Self.byName[type] else { throw .unsupportedSetting(name: name, value: type) }
            found = found ?? kind
        }
        guard let found else { return nil }
        self = found
    }

    /// The processor that `config.json` names or implies; CLIP's if there is no file.
    init(ofModel config: [UInt8]?) throws(ImagingError) {
        guard let fields = try config.map({ json throws(ImagingError) in try SettingsReader(json: json) })
        else {
            self = .clip
            return
        }
        if let type = try fields.text("image_processor_type") {
            guard let kind = Self.byName[type] else {
                throw .unsupportedSetting(name: "image_processor_type", value: type)
            }
            self = kind
        } else {
            self = try fields.text("model_type")?.hasPrefix("siglip") == true ? .siglip : .clip
        }
    }

    private static let byName: [String: ProcessorKind] = {
        var kinds: [String: ProcessorKind] = [:]
        for (name, kind) in [("CLIP", clip), ("Bit", clip), ("Siglip", siglip), ("ViT", vit)] {
            for ending in ["ImageProcessor", "ImageProcessorFast", "ImageProcessorPil"] {
                kinds[name + ending] = kind
            }
        }
        (kinds["CLIPFeatureExtractor"], kinds["ViTFeatureExtractor"]) = (clip, vit)
        return kinds
    }()

    /// Whether `size` is a height and a width.
    var isSquare: Bool { self != .clip }
    var crops: Bool { self == .clip }
    /// Whether a single number means both sides of a square.
    var defaultsToSquare: Bool { self == .vit }
    /// The filter, by Pillow's number.
    var resample: Int { self == .vit ? 2 : 3 }

    var mean: [Float] { self == .clip ? PreprocessingRecipe.openAIMean : [0.5, 0.5, 0.5] }
    var standardDeviation: [Float] {
        self == .clip ? PreprocessingRecipe.openAIStandardDeviation : [0.5, 0.5, 0.5]
    }
}
