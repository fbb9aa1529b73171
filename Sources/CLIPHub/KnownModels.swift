extension KnownModel {
    /// All known models: Roboflow's nine, and those that are recommended.
    ///
    /// `Documentation/Models.md` has the same table and says where revisions and sizes come from. A model has no
    /// revision if only the short form of the commit could be read. An earlier commit of `resnet50_clip.openai` lacked
    /// `quick_gelu`, and its embeddings were different.
    public static let all: [KnownModel] = table.compactMap { entry in
        guard let repository = try? HubRepository(entry.repository) else { return nil }
        return KnownModel(
            name: entry.name,
            repository: repository,
            revision: entry.revision,
            isExact: entry.isExact,
            licence: entry.licence,
            languages: entry.languages,
            megabytes: entry.megabytes,
            isRoboflows: entry.isRoboflows
        )
    }

    private struct Entry {
        let name: String
        let repository: String
        var revision: String?
        var isExact = false
        let licence: String
        var languages = Languages.english
        var megabytes: Int?
        var isRoboflows = false
    }

    private static let table: [Entry] = [
        // OpenAI's, by the names of Roboflow's server
        Entry(
            name: "RN50",
            repository: "timm/resnet50_clip.openai",
            revision: "b5ad1dd2714e05200953a70eb508a352fc52b803",
            isExact: true,
            licence: "MIT",
            megabytes: 412,
            isRoboflows: true
        ),
        Entry(
            name: "RN101",
            repository: "timm/resnet101_clip.openai",
            licence: "MIT",
            megabytes: 483,
            isRoboflows: true
        ),
        Entry(
            name: "RN50x4",
            repository: "timm/resnet50x4_clip.openai",
            revision: "89dd952669c168aa2ea94db6fdf2827927a6945e",
            licence: "MIT",
            megabytes: 718,
            isRoboflows: true
        ),
        Entry(
            name: "RN50x16",
            repository: "timm/resnet50x16_clip.openai",
            revision: "8fe1f6946d3f23202ef794ab9ef0742f5049ec6c",
            licence: "MIT",
            megabytes: 1164,
            isRoboflows: true
        ),
        Entry(
            name: "RN50x64",
            repository: "timm/resnet50x64_clip.openai",
            revision: "73619503e221daf274fa3e5d02ce151e0f0edbe9",
            licence: "MIT",
            megabytes: 2494,
            isRoboflows: true
        ),
        Entry(
            name: "ViT-B-32",
            repository: "timm/vit_base_patch32_clip_224.openai",
            revision: "ab5b8ef490e86faa07d3523926b842c765de1de5",
            licence: "Apache-2.0",
            megabytes: 610,
            isRoboflows: true
        ),
        Entry(
            name: "ViT-B-16",
            repository: "timm/vit_base_patch16_clip_224.openai",
            revision: "977e3dd0ec55ab8da155f2fbeb6b5f54948b6e3d",
            licence: "Apache-2.0",
            megabytes: 604,
            isRoboflows: true
        ),
        Entry(
            name: "ViT-L-14",
            repository: "timm/vit_large_patch14_clip_224.openai",
            revision: "18d0535469bb561bf468d76c1d73aa35156c922b",
            licence: "Apache-2.0",
            megabytes: 1715,
            isRoboflows: true
        ),
        Entry(
            name: "ViT-L-14-336px",
            repository: "timm/vit_large_patch14_clip_336.openai",
            revision: "81e38efc4637de5023b10e75a7f9bd1c6fa6b010",
            licence: "Apache-2.0",
            megabytes: 1716,
            isRoboflows: true
        ),
        // SigLIP 2, the best that may be used freely in many languages
        Entry(
            name: "siglip2-base-patch16-224",
            repository: "google/siglip2-base-patch16-224",
            revision: "75de2d55ec2d0b4efc50b3e9ad70dba96a7b2fa2",
            licence: "Apache-2.0",
            languages: .many,
            megabytes: 1540
        ),
        Entry(
            name: "siglip2-base-patch16-256",
            repository: "google/siglip2-base-patch16-256",
            revision: "3f9f96cb90da5dbc758b01813f2f6f1aee24c1ab",
            licence: "Apache-2.0",
            languages: .many,
            megabytes: 1540
        ),
        Entry(
            name: "siglip2-base-patch16-384",
            repository: "google/siglip2-base-patch16-384",
            revision: "f775b65a79762255128c981547af89addcfe0f88",
            licence: "Apache-2.0",
            languages: .many,
            megabytes: 1541
        ),
        Entry(
            name: "siglip2-base-patch32-256",
            repository: "google/siglip2-base-patch32-256",
            revision: "94dffa8cb1179de3e03f091dbc3917e5d5a9ae84",
            licence: "Apache-2.0",
            languages: .many,
            megabytes: 1546
        ),
        Entry(
            name: "siglip2-large-patch16-256",
            repository: "google/siglip2-large-patch16-256",
            revision: "787800c8990e6f058423089178e718139608408c",
            licence: "Apache-2.0",
            languages: .many,
            megabytes: 3565
        ),
        Entry(
            name: "siglip2-large-patch16-384",
            repository: "google/siglip2-large-patch16-384",
            revision: "1b426889ea62b5a72bf9839009a1b184bfc9c178",
            licence: "Apache-2.0",
            languages: .many,
            megabytes: 3566
        ),
        Entry(
            name: "siglip2-so400m-patch14-384",
            repository: "google/siglip2-so400m-patch14-384",
            revision: "e8e487298228002f3d8a82e0cd5c8ea9c567f57f",
            licence: "Apache-2.0",
            languages: .many,
            megabytes: 4583
        ),
        Entry(
            name: "siglip2-so400m-patch16-256",
            repository: "google/siglip2-so400m-patch16-256",
            revision: "e8708ab72d125807e45b36fb7d4e0aacbb59f379",
            licence: "Apache-2.0",
            languages: .many,
            megabytes: 4581
        ),
        Entry(
            name: "siglip2-so400m-patch14-378",
            repository: "timm/ViT-SO400M-14-SigLIP2-378",
            revision: "93e0e6ad1063507a7777d0b570292a29a3d94c5f",
            licence: "Apache-2.0",
            languages: .many,
            megabytes: 4578
        ),
        // SigLIP
        Entry(
            name: "siglip-base-patch16-224",
            repository: "timm/ViT-B-16-SigLIP",
            revision: "41f575766f40e752fdd1383e9565b7f02388c1c4",
            licence: "Apache-2.0",
            megabytes: 815
        ),
        Entry(
            name: "siglip-base-patch16-384",
            repository: "timm/ViT-B-16-SigLIP-384",
            revision: "d689d6c20b13d9f6610273105de40eeed5f37fe2",
            licence: "Apache-2.0",
            megabytes: 816
        ),
        Entry(
            name: "siglip-so400m-patch14-384",
            repository: "timm/ViT-SO400M-14-SigLIP-384",
            revision: "ac16108d567c4389e6cd2b11c9b8585f7474435b",
            licence: "Apache-2.0",
            megabytes: 3514
        ),
        // Perception Encoder
        Entry(
            name: "PE-Core-T16-384",
            repository: "timm/PE-Core-T-16-384",
            revision: "7fe539ed578ac49a1c2b4f946e4b0747704c825a",
            licence: "Apache-2.0",
            megabytes: 283
        ),
        Entry(
            name: "PE-Core-S16-384",
            repository: "timm/PE-Core-S-16-384",
            revision: "3249a38eb1c432ec19231c6fe1774acb6a4e4efe",
            licence: "Apache-2.0",
            megabytes: 354
        ),
        Entry(
            name: "PE-Core-B16-224",
            repository: "timm/PE-Core-B-16",
            revision: "0038414f37721c5eafc1a5e0da802d291c909de3",
            licence: "Apache-2.0",
            megabytes: 1796
        ),
        Entry(
            name: "PE-Core-L14-336",
            repository: "timm/PE-Core-L-14-336",
            revision: "8eff41b3f687e50a323662c2dda5eb3588c6dd35",
            licence: "Apache-2.0",
            megabytes: 2690
        ),
        Entry(
            name: "PE-Core-G14-448",
            repository: "timm/PE-Core-bigG-14-448",
            revision: "17aa0c25addfa14198fa2ff73d845a22d433432e",
            licence: "Apache-2.0",
            megabytes: 9682
        ),
        // MetaCLIP 2
        Entry(
            name: "metaclip-2-worldwide-l14",
            repository: "facebook/metaclip-2-worldwide-l14",
            revision: "f48c6b1784e33f2211894af4d9f1f08381f04f12",
            licence: "CC-BY-NC-4.0",
            languages: .many
        ),
        Entry(
            name: "metaclip-2-worldwide-huge-quickgelu",
            repository: "facebook/metaclip-2-worldwide-huge-quickgelu",
            revision: "c139061af7b10fdb2e754b60d2b1182a3d5526c2",
            licence: "CC-BY-NC-4.0",
            languages: .many
        ),
        // LAION and DataComp
        Entry(
            name: "laion-ViT-B-32",
            repository: "laion/CLIP-ViT-B-32-laion2B-s34B-b79K",
            revision: "1a25a446712ba5ee05982a381eed697ef9b435cf",
            licence: "MIT",
            megabytes: 609
        ),
        Entry(
            name: "laion-ViT-H-14",
            repository: "laion/CLIP-ViT-H-14-laion2B-s32B-b79K",
            revision: "1c2b8495b28150b8a4922ee1c8edee224c284c0c",
            licence: "MIT",
            megabytes: 3948
        ),
        Entry(
            name: "laion-ViT-g-14",
            repository: "laion/CLIP-ViT-g-14-laion2B-s12B-b42K",
            revision: "4b0305adc6802b2632e11cbe6606a9bdd43d35c9",
            licence: "MIT",
            megabytes: 5471
        ),
        // DFN, whose safetensors exist only in a pull request
        Entry(
            name: "dfn2b-ViT-L-14-39B",
            repository: "apple/DFN2B-CLIP-ViT-L-14-39B",
            revision: "fc1bbabfa20688c6d98c82290b36e00cd62f0068",
            licence: "Apple AMLR",
            megabytes: 1714
        ),
    ]
}
