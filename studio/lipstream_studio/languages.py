"""Words of other languages: random phrases to train on, one fixed sentence each to look at."""

from __future__ import annotations

import random

_WORDS = {
    "de": """guten Morgen Abend Apfel Baum Blume Brücke schön grün über müde Wasser Fenster Vogel Mutter
        Vater Pfeffer Buch Kopf zwanzig fünf möchte bitte danke haben wir kommen sprechen immer wieder
        Stadt Straße Mond Milch Zug Bahnhof Freude helfen bleiben abholen Woche Jahr ich bin nicht""",
    "fr": """bonjour madame monsieur pomme beau belle brun peuple fleur jour nuit rouge bleu vert vous nous
        avons manger parler voiture maison école pain vin homme femme petit grand beaucoup merci demain
        aujourd'hui bateau oiseau poisson lumière montagne image bouche pouvoir une deux huit""",
    "es": """buenos días amigo primo bebida pueblo puerta ventana libro mesa padre madre boca hambre tiempo
        mañana verde rojo azul llave queso jefe gente trabajo hablar comer beber vivir siempre nunca
        nuestro pequeño grande muy bien gracias favor viaje barco perro gato""",
    "it": """buongiorno amico bella bambino pomodoro porta finestra libro mamma padre acqua fuoco sempre
        domani verde rosso giallo piccolo grande parlare mangiare bere vivere grazie prego piazza
        spiaggia città luglio febbraio settembre problema tempo uomo donna chiave gelato""",
    "pt": """bom dia amigo menina pão mãe pai água livro porta janela tempo sempre amanhã verde vermelho
        azul pequeno grande falar comer beber viver obrigado favor viagem barco problema também muito
        bonito homem mulher chuva praia cidade fevereiro setembro""",
    "nl": """goedemorgen vriend appel boom bloem brug mooi groen water venster vogel moeder vader boek hoofd
        twintig vijf graag bedankt hebben wij komen spreken altijd stad straat maan melk trein helpen
        blijven ophalen week jaar klein groot huis ui muur""",
    "pl": """dzień dobry przyjaciel mama tata babcia pomoc woda okno ptak książka głowa pięć proszę dziękuję
        mamy mówić zawsze miasto ulica księżyc mleko pociąg być bardzo mały wielki dom brzeg wieczór
        jabłko pomarańcza zielony czerwony""",
    "ru": """добрый день мама папа бабушка помощь вода окно птица книга голова пять пожалуйста спасибо
        говорить всегда город улица луна молоко поезд быть очень маленький большой дом берег вечер
        яблоко зелёный красный мы вы фабрика погода""",
    "sv": """god morgon vän äpple träd blomma bro vacker grön vatten fönster fågel mamma pappa bok huvud
        tjugo fem tack hjälp vi kommer tala alltid stad gata måne mjölk tåg bli vecka år liten stor hus""",
    "tr": """günaydın arkadaş elma ağaç çiçek köprü güzel yeşil su pencere kuş anne baba kitap baş beş lütfen
        teşekkür biz konuşmak her zaman şehir sokak ay süt tren yardım olmak hafta yıl küçük büyük ev""",
    "fi": """hyvää huomenta ystävä omena puu kukka silta kaunis vihreä vesi ikkuna lintu äiti isä kirja pää
        viisi kiitos meillä tulla puhua aina kaupunki katu kuu maito juna apu olla viikko vuosi pieni""",
    "cs": """dobrý den přítel máma táta babička pomoc voda okno pták kniha hlava pět prosím děkuji mluvit
        vždy město ulice měsíc mléko vlak být velmi malý velký dům břeh večer jablko zelený červený""",
}

TRAINING = tuple(_WORDS)

SHOWN = {
    "de": "Guten Morgen! Möchten Sie übermorgen über die Brücke nach Bamberg fahren?",
    "fr": "Bonjour! Voulez-vous un bon vin blanc ou une belle pomme verte?",
    "es": "Mi madre bebe mucha agua, pero mi primo prefiere el vino.",
    "it": "Un bambino mangia una bella mela rossa davanti alla porta.",
    "pt": "Bom dia! A menina bebe água e também come um pão pequeno.",
    "nl": "Goedemorgen! Wilt u met de blauwe fiets over de brug gaan?",
    "pl": "Moja babcia bardzo lubi pić mleko i jeść jabłka.",
    "ru": "Моя бабушка пьёт молоко, а папа любит рыбу.",
    "hi": "नमस्ते, मेरा नाम आदा है। मैं आपकी मदद कैसे कर सकती हूँ?",
    "cmn-latn-pinyin": "ni3 hao3, wo3 jiao4 a1 da2. wo3 ma1 ma5 ming2 tian1 mai3 ba1 ben3 shu1.",
}
"""One sentence a language, none of them trained on; Hindi and Mandarin not at all."""


def phrase(language: str, source: random.Random) -> str:
    words = source.choices(_WORDS[language].split(), k=source.randint(5, 9))
    if source.random() < 0.4:
        words[len(words) // 2] += ","
    return " ".join(words) + "."
